import { describe, expect, test } from '@jest/globals';
import { type ErrorCode, errorCodes, StranglerError } from '@strangler-toolkit/plan';
import { asStranglerError, exitCodeOf } from './exit-codes.ts';

const codeOf = (code: ErrorCode, interrupted = false): number =>
  exitCodeOf(new StranglerError(code, 'what happened'), interrupted);

describe('the exit code of a command that failed', () => {
  test.each<[ErrorCode, number]>([
    ['USAGE', 2],
    ['CONFIRMATION_NEEDED', 2],
    ['CONFIG_ENV_MISSING', 2],
    ['CONFIG_INVALID', 2],
    ['CONFIG_NOT_FOUND', 2],
    ['CONTEXT_UNKNOWN', 2],
    ['ROUTE_UNKNOWN', 2],
    ['VERIFY_DIFFERENCES', 3],
    ['GATE_REFUSED', 4],
    ['MOVE_NOT_ALLOWED', 4],
    ['PACTS_FAILED', 5],
    ['PACTS_UNREACHABLE', 6],
    ['PACTS_NOT_FOUND', 7],
    ['PACTS_NOT_VERIFIED', 7],
    ['CONTRACTS_VERSION_UNKNOWN', 2],
    ['BROKER_UNREACHABLE', 8],
    ['BROKER_AUTH', 8],
    ['BROKER_NOT_FOUND', 8],
    ['BROKER_CONFLICT', 8],
    ['BROKER_REFUSED', 8],
    ['BROKER_FAILED', 8],
    ['BROKER_UNSUITABLE', 8],
  ])('%s is %i', (code, expected) => expect(codeOf(code)).toBe(expected));

  test('everything else is 1, never 0', () => {
    const own = new Set([2, 3, 4, 5, 6, 7, 8]);
    for (const code of Object.keys(errorCodes) as ErrorCode[])
      if (!own.has(codeOf(code))) expect([code, codeOf(code)]).toEqual([code, 1]);
    expect(codeOf('DB_UNREACHABLE')).toBe(1);
  });

  test('after Ctrl-C it is 130, whatever broke on the way; a defect stays one', () => {
    expect(codeOf('CANCELLED', true)).toBe(130);
    expect(codeOf('DB_UNREACHABLE', true)).toBe(130);
    expect(codeOf('INTERNAL', true)).toBe(1);
  });
});

describe('what no error of ours is', () => {
  test('is a defect, with its message and its cause', () => {
    const cause = new TypeError('x is not a function');
    expect(asStranglerError(cause)).toMatchObject({
      code: 'INTERNAL',
      message: 'x is not a function',
      cause,
    });
    expect(asStranglerError('thrown bare')).toMatchObject({
      code: 'INTERNAL',
      message: 'thrown bare',
    });
  });

  test('is a cancellation where Ctrl-C ended what waited', () => {
    const ended = new DOMException('This operation was aborted', 'AbortError');
    expect(asStranglerError(ended, true)).toMatchObject({ code: 'CANCELLED', cause: ended });
    expect(asStranglerError(ended).code).toBe('INTERNAL');
    expect(asStranglerError(new Error('broke'), true).code).toBe('INTERNAL');
  });

  test('an error of ours is left as it is', () => {
    const error = new StranglerError('GATE_REFUSED', 'lag');
    expect(asStranglerError(error)).toBe(error);
  });
});
