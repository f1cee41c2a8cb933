import { expect, test } from '@jest/globals';
import { judgeMark, type KnownMarks } from './judge-mark.ts';

const follow = (known: KnownMarks | undefined, id: string, offset: number, ...after: string[]) =>
  judgeMark(known, { id, offset, after });
const known: KnownMarks = { recent: ['a', 'b', 'c'], next: 3 };

test('a chain is followed from wherever it is met first', () => {
  expect(follow(undefined, 'x', 7, 'w')).toEqual({ recent: ['x'], next: 8 });
  expect(follow(known, 'd', 3, 'c')).toEqual({ recent: ['a', 'b', 'c', 'd'], next: 4 });
});

test('what Connect sends again, or is read again, changes nothing', () => {
  expect(follow(known, 'b', 3, 'a')).toEqual({ ...known, next: 4 });
  expect(follow(known, 'long-forgotten', 1, 'older')).toEqual(known);
});

test('a new slot names all that may have been passed over', () => {
  expect(follow(known, 'n', 3, 'lost', 'c', 'b')).toEqual({
    recent: ['a', 'b', 'c', 'n'],
    next: 4,
  });
});

test('a database that went back, and a slot that skipped marks, are told', () => {
  expect(follow(known, 'd2', 3, 'b')).toEqual({
    why: expect.stringContaining('went back to a state before it'),
  });
  expect(follow(known, 'e', 3, 'd')).toEqual({ why: expect.stringContaining('skipped changes') });
  expect(follow(known, 'n', 3, 'b', 'a')).toEqual({ why: expect.stringContaining('went back') });
  expect(follow(known, 'first', 3)).toEqual({ why: expect.stringContaining('went back') });
});

test('what a topic holds before a consumer begins with it was told to others', () => {
  const mark = { id: 'd2', offset: 3, after: ['b'] };
  expect(judgeMark(known, mark, 4)).toEqual({ recent: ['a', 'b', 'c', 'd2'], next: 4 });
  expect(judgeMark(known, mark, 3)).toHaveProperty('why');
});

test('as many marks are remembered as a database names', () => {
  let marks = known;
  for (let n = 0; n < 300; n += 1) {
    const next = follow(marks, `m${n}`, 3 + n, marks.recent.at(-1) ?? '');
    if ('why' in next) throw new Error(next.why);
    marks = next;
  }
  expect(marks.recent).toHaveLength(200);
});
