import { expect, test } from '@jest/globals';
import { judgedGood, wayBack } from './ramp-way-back.ts';

const row = (status: 'started' | 'done' | 'failed', percent: number, epoch = 3) => ({
  status,
  epoch,
  detail: { percent },
});

test.each<[string, ReturnType<typeof row>[], number[], number]>([
  ['nothing was ever ramped', [], [100], 0],
  ['it was killed while it watched', [row('started', 100)], [100], 0],
  ['it was killed after a step that held', [row('done', 5), row('started', 25)], [25], 0],
  ['the last step failed', [row('done', 5), row('failed', 25)], [5], 0],
  ['the last step held', [row('started', 25), row('done', 25)], [25, 25], 25],
  ['it held, and one flag was changed by hand', [row('done', 25)], [25, 50], 0],
  ['it held before the owner changed', [row('done', 100, 2)], [100], 0],
  ['there is no flag', [row('done', 100)], [], 0],
])('judged good when %s', (_name, rows, percents, good) =>
  expect(judgedGood(rows, { epoch: 3, percents })).toBe(good),
);

test.each([
  ['judged bad', { percent: 25, good: 5, judgedBad: true }, 5],
  ['judged bad, and nothing was good before', { percent: 100, good: 0, judgedBad: true }, 0],
  ['judged bad where it was good once', { percent: 25, good: 25, judgedBad: true }, 0],
  ['judged bad below what was good once', { percent: 1, good: 25, judgedBad: true }, 0],
  ['interrupted', { percent: 25, good: 5, judgedBad: false }, 5],
  ['interrupted where it was good already', { percent: 25, good: 25, judgedBad: false }, 25],
  ['interrupted below what was good', { percent: 1, good: 25, judgedBad: false }, 1],
])('the way back of a step that was %s', (_name, step, back) => expect(wayBack(step)).toBe(back));
