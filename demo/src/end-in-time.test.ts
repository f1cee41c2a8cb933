import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { endInTime } from './end-in-time.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const ending = (end: () => Promise<unknown>) => {
  const told: string[] = [];
  const ended = endInTime(end, async () => told.push('forgotten')).then(() => told.push('ended'));
  return { told, ended };
};

test('a start that does not end is left to the guard within five seconds, and the settings are gone', async () => {
  const { told } = ending(() => new Promise(() => {}));
  await jest.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual([]);
  await jest.advanceTimersByTimeAsync(4_000);
  expect(told).toEqual(['forgotten', 'ended']);
});

test.each([
  ['what ended', async () => 'stopped'],
  ['what broke', () => Promise.reject(new Error('no server to stop'))],
])('%s is not waited for any longer', async (_, end) => {
  const { told, ended } = ending(end);
  await ended;
  expect(told).toEqual(['forgotten', 'ended']);
  expect(jest.getTimerCount()).toBe(0);
});
