import { describe, expect, test } from '@jest/globals';
import { traceOf as traceOfRaw } from './trace.ts';

const traceOf = (headers: Readonly<Record<string, string>>, trusted: boolean) =>
  traceOfRaw(Object.entries(headers).flat(), trusted);

const [traceId, spanId] = ['a'.repeat(32), 'b'.repeat(16)];

describe('a trace', () => {
  test('is continued with the facade as parent, sampled or not', () => {
    for (const flags of ['00', '01']) {
      const trace = traceOf({ traceparent: `00-${traceId}-${spanId}-${flags}` }, false);
      expect(trace.traceId).toBe(traceId);
      const [version, same, span, sampled] = trace.traceparent.split('-');
      expect([version, same, sampled]).toEqual(['00', traceId, flags]);
      expect(span).toMatch(/^[0-9a-f]{16}$/);
      expect(span).not.toBe(spanId);
    }
  });

  test('of a later version is continued as well', () => {
    expect(traceOf({ traceparent: `01-${traceId}-${spanId}-01-more` }, false).traceId).toBe(
      traceId,
    );
  });

  test.each([
    undefined,
    'junk',
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId}-${spanId}-01x`,
    ` 00-${traceId}-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
  ])('that is none, %j, is begun', (traceparent) => {
    const trace = traceOf(traceparent === undefined ? {} : { traceparent }, false);
    expect(trace.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(trace.traceId).not.toBe(traceId);
    expect(trace.traceparent).toMatch(new RegExp(`^00-${trace.traceId}-[0-9a-f]{16}-01$`));
  });
});

describe('a request id', () => {
  const uuid = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;
  test('is believed from a proxy of ours', () => {
    expect(traceOf({ 'x-request-id': 'a.b:C_1-2' }, true).requestId).toBe('a.b:C_1-2');
    expect(traceOf({ 'x-request-id': 'x'.repeat(128) }, true).requestId).toHaveLength(128);
  });
  test.each(['x'.repeat(129), '', 'two words', 'a\nb'])('but not %j', (given) => {
    expect(traceOf({ 'x-request-id': given }, true).requestId).toMatch(uuid);
  });
  test('and from nobody else', () => {
    expect(traceOf({ 'x-request-id': 'mine' }, false).requestId).toMatch(uuid);
    expect(traceOf({}, true).requestId).toMatch(uuid);
  });
});
