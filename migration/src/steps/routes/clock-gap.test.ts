import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { clockGap, onOtherClock } from './clock-gap.ts';

test('two clocks are compared whatever time passes between the two questions, and a moment is told by the other one', async () => {
  const gap = await clockGap(
    async () => Date.now() + 5_000,
    async () => {
      await delay(20);
      const now = Date.now();
      await delay(20);
      return now;
    },
  );
  expect(gap).toBeGreaterThan(4_900);
  expect(gap).toBeLessThan(5_100);
  expect(onOtherClock({ at: 6_000, table: 't' }, 5_000)).toEqual({ at: 1_000, table: 't' });
});
