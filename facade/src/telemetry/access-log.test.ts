import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import { type AccessLine, accessText } from './access-log.ts';
import { accessLogOf } from './open-log.ts';

const line: AccessLine = {
  method: 'GET',
  path: '/api/items/1',
  status: 200,
  context: 'items',
  route: 'one',
  target: 'monolith',
  reason: 'flag',
  epoch: '1',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  requestId: '2f1e0d54-6a7e-4b3f-9a55-0d8f1f0a7c11',
  ms: 1.234,
  aborted: undefined,
};

function byPino(name: string, told: AccessLine): string {
  let text = '';
  const log = pino({ base: { name } }, { write: (more: string) => void (text += more) });
  log.info(told, 'request');
  return text;
}
/** At the moment that pino says it was. */
const byHand = (name: string, told: AccessLine, pinos: string): string =>
  accessText(name)(told, (JSON.parse(pinos) as { time: number }).time);

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('"', '\\', '\n', '\u0000', 'é', '😀', '/') }),
);

describe('the line of a request', () => {
  test('is, byte for byte, what pino would write', () => {
    fc.assert(
      fc.property(
        anyText,
        anyText,
        fc.option(fc.constant(true as const)),
        fc.oneof(fc.nat(9_999), fc.nat()),
        (name, path, aborted, micros) => {
          const ms = micros / 1e3;
          const told = { ...line, path, context: name, ms, aborted: aborted ?? undefined };
          const pinos = byPino(name, told);
          expect(byHand(name, told, pinos)).toBe(pinos);
        },
      ),
    );
  });

  test('goes through a logger that somebody brought, with what that adds and leaves out', () => {
    let text = '';
    const log = pino(
      { base: { host: 'mine' }, redact: ['path'], timestamp: false },
      { write: (more: string) => void (text += more) },
    );
    accessLogOf(log)(line);
    expect(JSON.parse(text)).toMatchObject({ host: 'mine', path: '[Redacted]', msg: 'request' });
  });
});
