import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { continueTrace, formatTraceparent, parseTraceparent } from './trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('traceparent', () => {
  test.each([
    ['a valid header', `00-${traceId}-${spanId}-01`, true],
    ['a later version with more fields', `01-${traceId}-${spanId}-01-more`, true],
    ['version 00 with more fields', `00-${traceId}-${spanId}-01-more`, false],
    ['the forbidden version', `ff-${traceId}-${spanId}-01`, false],
    ['an all-zero trace', `00-${'0'.repeat(32)}-${spanId}-01`, false],
    ['an all-zero span', `00-${traceId}-${'0'.repeat(16)}-01`, false],
    ['upper case', `00-${traceId.toUpperCase()}-${spanId}-01`, false],
    ['nothing', '', false],
    ['no header', undefined, false],
  ])('%s is accepted: %#', (_title, header, accepted) => {
    expect(parseTraceparent(header) !== undefined).toBe(accepted);
  });

  test('continues the caller’s trace with a span of its own', () => {
    const next = continueTrace(parseTraceparent(`00-${traceId}-${spanId}-01`));
    expect(next.traceId).toBe(traceId);
    expect(next.spanId).not.toBe(spanId);
    expect(next.flags).toBe('01');
  });

  test('whatever a client sends, the header that goes on is valid', () => {
    fc.assert(
      fc.property(
        fc.string(),
        (header) =>
          parseTraceparent(formatTraceparent(continueTrace(parseTraceparent(header)))) !==
          undefined,
      ),
    );
  });
});
