import { trace } from '@opentelemetry/api';
import { describe, expect, test } from '@jest/globals';
import { contextOf, parseTraceparent, traceparentOf } from './traceparent.ts';

const [traceId, spanId] = ['a'.repeat(32), 'b'.repeat(16)];
const parsed = (text: string) => trace.getSpanContext(contextOf(text, null));

describe('traceparent', () => {
  test.each(['00', '01'])('comes back as it was, sampled or not: %s', (flags) => {
    const said = `00-${traceId}-${spanId}-${flags}`;
    expect(parsed(said)).toMatchObject({ traceId, spanId, isRemote: true });
    expect(traceparentOf(parsed(said)!)).toBe(said);
  });
  test('of a later version is read as well', () => {
    expect(parsed(`cc-${traceId}-${spanId}-01-more`)).toMatchObject({ traceId, traceFlags: 1 });
  });
  test.each([
    null,
    undefined,
    '',
    'x'.repeat(1_000_000),
    `00-${traceId}-${spanId}-1`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `ff-${traceId}-${spanId}-01`,
  ])('that says nothing is no parent', (said) => {
    expect(parseTraceparent(said)).toBeUndefined();
    expect(trace.getSpanContext(contextOf(said, 'a=1'))).toBeUndefined();
  });
});

test('a state goes along, unless it is longer than any has to be', () => {
  const context = (state: string) =>
    trace.getSpanContext(contextOf(`00-${traceId}-${spanId}-01`, state));
  expect(context('a=1,b=2')?.traceState?.serialize()).toBe('a=1,b=2');
  expect(context(`a=${'1'.repeat(600)}`)?.traceState?.serialize()).toBe('');
});
