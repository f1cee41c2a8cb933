import { expect, test } from '@jest/globals';
import { Beat } from './beat.ts';

test('one telling waits for the other, and after the end there is none', async () => {
  const tellings: (() => void)[] = [];
  const beat = new Beat(() => new Promise((resolve) => tellings.push(() => resolve())));
  beat.now();
  beat.now();
  expect(tellings).toHaveLength(1);
  let ended = false;
  const ending = beat.end().then(() => {
    ended = true;
  });
  await new Promise(setImmediate);
  expect(ended).toBe(false);
  tellings[0]?.();
  await ending;
  expect(ended).toBe(true);
});

test('a telling that fails ends nothing', async () => {
  let tried = 0;
  const beat = new Beat(async () => {
    tried += 1;
    throw new Error('the control database is away');
  });
  beat.now();
  await expect(beat.end()).resolves.toBeUndefined();
  expect(tried).toBe(1);
});
