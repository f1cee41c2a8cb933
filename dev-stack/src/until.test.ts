import { expect, test } from '@jest/globals';
import { Hopeless, until } from './until.ts';

test('returns the first answer that is one', async () => {
  const answers = [undefined, null, false, 0];
  expect(await until('a number', () => answers.shift(), { everyMs: 1 })).toBe(0);
});

test('goes on after an error', async () => {
  let asked = 0;
  const probe = (): boolean => {
    asked += 1;
    if (asked < 3) throw new Error('not yet');
    return true;
  };
  expect(await until('three', probe, { everyMs: 1 })).toBe(true);
});

test('says what it waited for, how long, the last answer or error, and what else there is to tell', async () => {
  const short = { withinMs: 20, everyMs: 1 };
  await expect(until('a sign', () => false, short)).rejects.toThrow(
    'waited 0.02 s for a sign; last answer: false',
  );
  const fails = (): never => {
    throw new Error('connection refused');
  };
  await expect(
    until('a sign', fails, { ...short, alsoTell: () => 'log of the server' }),
  ).rejects.toThrow('last error: Error: connection refused\nlog of the server');
});

test('ends at once when the answer cannot come any more', async () => {
  let asked = 0;
  const probe = (): never => {
    asked += 1;
    throw new Hopeless('the worker ended');
  };
  await expect(until('its sign', probe)).rejects.toThrow('the worker ended');
  expect(asked).toBe(1);
});
