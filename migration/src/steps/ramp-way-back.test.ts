import { expect, test } from '@jest/globals';
import { markOf } from './ramp-names.ts';
import { judgedGood, judgedNames, namesBack, wayBack } from './ramp-way-back.ts';

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

const names = (status: 'started' | 'done' | 'failed', hashes: string[], epoch = 3) => ({
  status,
  epoch,
  detail: { percent: 0, names: markOf(hashes) },
});

test.each<[string, ReturnType<typeof names>[], string[][], string[]]>([
  ['nothing was ever ramped', [], [['a']], []],
  ['it was killed while it watched', [names('started', ['a'])], [['a']], []],
  ['it held', [names('done', ['a', 'b'])], [['b', 'a']], ['b', 'a']],
  ['it held on both flags', [names('done', ['a'])], [['a'], ['a']], ['a']],
  ['one flag was changed by hand', [names('done', ['a'])], [['a'], []], []],
  ['others held', [names('done', ['a'])], [['b']], []],
  ['it held before the owner changed', [names('done', ['a'], 2)], [['a']], []],
  ['a share held without names, and there are none', [names('done', [])], [[]], []],
  ['a share held without names, and somebody named one', [names('done', [])], [['a']], []],
  ['there is no flag', [names('done', ['a'])], [], []],
])('named and judged good when %s', (_name, rows, named, good) =>
  expect(judgedNames(rows, { epoch: 3, named })).toEqual(good),
);

const both = { tried: ['b', 'c'], kept: ['a', 'b'] };
test.each([
  ['judged bad', { percent: 25, good: 0, judgedBad: true, ...both }, ['a', 'b']],
  ['judged bad for those named alone', { percent: 0, good: 0, judgedBad: true, ...both }, []],
  ['judged bad below what was good', { percent: 1, good: 25, judgedBad: true, ...both }, []],
  ['interrupted', { percent: 25, good: 0, judgedBad: false, ...both }, ['a', 'b']],
  ['interrupted for those named alone', { percent: 0, good: 0, judgedBad: false, ...both }, ['b']],
  ['interrupted below what was good', { percent: 1, good: 25, judgedBad: false, ...both }, ['b']],
])('named after a step that was %s', (_name, step, back) => expect(namesBack(step)).toEqual(back));
