import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { green, judge } from './judge.ts';
import { phases } from './phases.ts';
import { Stack } from './stack.ts';

let stack: Stack;
let begun = 0;
beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(() => stack?.close());

describe.each(phases)('$name', (phase) => {
  beforeAll(async () => {
    // whoever asks for one failure alone skips the phases before it, not their beginnings
    while (begun <= phases.indexOf(phase)) await phases[begun++]?.begin(stack);
    await green(stack);
  });
  test.each(phase.failures)('$name', async (failure) => {
    await expect(judge(stack, failure)).resolves.toBe('as before');
  });
});
