import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { Strangers } from './strangers.ts';

function scene() {
  const lines: Record<string, unknown>[] = [];
  const strangers = new Strangers(
    pino(
      { base: null, timestamp: false },
      { write: (line: string) => void lines.push(JSON.parse(line)) },
    ),
  );
  const note = (address: string, headers: readonly string[], trusted = false): void =>
    strangers.note({ address, trusted } as never, headers);
  return { strangers, lines, note };
}
const lie = ['X-Forwarded-For', '1.2.3.4'];

test('a peer that speaks like a proxy and is not trusted is named once, with the way to trust it', () => {
  const { strangers, lines, note } = scene();
  note('10.0.0.1', ['Host', 'shop', ...lie, 'x-forwarded-FOR', '5', 'X-Forwarded-Proto', 'https']);
  note('10.0.0.1', ['Forwarded', 'for=1']);
  expect(strangers.all).toEqual([
    { address: '10.0.0.1', headers: ['x-forwarded-for', 'x-forwarded-proto'] },
  ]);
  expect(lines).toMatchObject([
    {
      peer: '10.0.0.1',
      headers: ['x-forwarded-for', 'x-forwarded-proto'],
      remedy: 'FACADE_TRUSTED_PROXIES=10.0.0.1',
    },
  ]);
});

test.each(['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded'])(
  'by %s, also as the only header',
  (name) => {
    const { strangers, note } = scene();
    note('10.0.0.1', [name.toUpperCase(), 'x']);
    expect(strangers.all).toEqual([{ address: '10.0.0.1', headers: [name] }]);
  },
);

test('a trusted one, and one that says nothing of a client, is no stranger', () => {
  const { strangers, lines, note } = scene();
  note('10.0.0.1', lie, true);
  note('10.0.0.2', ['Host', 'x-forwarded-for', 'X-Forwarded-Port', '1', 'Via', 'x']);
  note('10.0.0.3', []);
  expect([strangers.all, lines]).toEqual([[], []]);
  note('10.0.0.2', lie);
  expect(strangers.all).toMatchObject([{ address: '10.0.0.2' }]);
});

test('who lies from many addresses fills neither memory nor log', () => {
  const { strangers, lines, note } = scene();
  for (let last = 1; last <= 30; last++) note(`10.0.0.${last}`, lie);
  expect([strangers.all.length, lines.length]).toEqual([20, 20]);
  expect(strangers.all.at(-1)?.address).toBe('10.0.0.20');
});
