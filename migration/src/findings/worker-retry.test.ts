import { expect, test } from '@jest/globals';
import { retryText, workerEnded, workerFailure, workerRetry } from './worker-retry.ts';

const failure = { code: 'DB_UNREACHABLE', message: 'nobody answers' };
const seen = (heartbeatAgeSeconds: number, detail: object = {}) => {
  const retry = workerRetry({
    state: 'failed',
    heartbeatAgeSeconds,
    detail: { ...failure, retrying: true, ...detail },
  });
  return retry && [retry.code, retry.message, retry.inSeconds, retry.heard, retryText(retry)];
};

test.each([
  [1, { retryInMs: 3200 }, 2.2, true, 'tries again in 3 s'],
  [3.2, { retryInMs: 3200 }, 0, true, 'tries again now'],
  [33.2, { retryInMs: 3200 }, 0, true, 'tries again now'],
  [33.3, { retryInMs: 3200 }, 0, false, 'meant to try again, not heard of since'],
  [1, {}, null, true, 'tries again'],
  [35, {}, null, true, 'tries again'],
  [35.1, {}, null, false, 'meant to try again, not heard of since'],
] as const)('a worker that failed %d s ago with %j', (age, detail, inSeconds, heard, text) => {
  const [code, message, left, ...rest] = seen(age, detail) ?? [];
  expect([code, message, rest]).toEqual([failure.code, failure.message, [heard, text]]);
  if (inSeconds === null) expect(left).toBeNull();
  else expect(left).toBeCloseTo(inSeconds);
});

test('one that ended, or never failed, does not retry', () => {
  expect(seen(1, { retrying: false })).toBeUndefined();
  const detail = { ...failure, retrying: true, retryInMs: 100 };
  expect(workerRetry({ state: 'caught-up', heartbeatAgeSeconds: 1, detail })).toBeUndefined();
});

test('what it has not got past is told of one that ended, and of one whose stream was opened again', () => {
  expect(workerFailure({ state: 'failed', detail: failure })).toEqual(failure);
  expect(workerFailure({ state: 'streaming', detail: { failing: failure } })).toEqual(failure);
  expect(workerFailure({ state: 'streaming', detail: failure })).toBeUndefined();
  expect(workerFailure({ state: 'failed', detail: {} })).toBeUndefined();
});

test('a worker that ended with what it would end with again is told by its code', () => {
  const ended = (state: 'failed' | 'caught-up', code: string) =>
    workerEnded({ state, detail: { code, message: 'it is gone' } });
  expect(ended('failed', 'SLOT_LOST')).toBe('SLOT_LOST');
  expect(ended('failed', 'POSITION_GAP')).toBe('POSITION_GAP');
  expect(ended('failed', 'CONTROL_FELL_BACK')).toBe('CONTROL_FELL_BACK');
  expect(ended('failed', 'SCHEMA_CHANGED')).toBeUndefined();
  expect(ended('caught-up', 'SLOT_LOST')).toBeUndefined();
});
