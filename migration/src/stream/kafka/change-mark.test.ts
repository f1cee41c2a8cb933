import { describe, expect, test } from '@jest/globals';
import { changeMark, ChangeMarks } from './change-mark.ts';

const key = (id: number): Buffer => Buffer.from(JSON.stringify({ id }));

describe('the mark of a change', () => {
  test('is the same when it comes again', () => {
    expect(changeMark(key(1), 2 ** 40 + 5)).toBe(changeMark(key(1), 2 ** 40 + 5));
  });

  test.each([
    ['another row of the same COPY', key(2), 5],
    ['the same row at another place', key(1), 6],
    ['the same row at a place 4 GB further on', key(1), 5 + 2 ** 32],
    ['a row without a key', null, 5],
  ])('is another one for %s', (_, other, lsn) => {
    expect(changeMark(other, lsn)).not.toBe(changeMark(key(1), 5));
  });

  test('fits into 32 bits', () => {
    expect(changeMark(null, null)).toBe(changeMark(null, 0));
    for (let id = 0; id < 100; id += 1) {
      const mark = changeMark(key(id), id * 2 ** 33);
      expect([mark, mark >>> 0]).toEqual([mark, mark]);
    }
  });
});

test('marks are kept by number, however long the transaction is', () => {
  const marks = new ChangeMarks();
  for (let order = 1; order <= 100_000; order += 1) marks.set(order, order * 7);
  expect([1, 63, 64, 65, 99_999, 100_000].map((order) => marks.get(order))).toEqual([
    7, 441, 448, 455, 699_993, 700_000,
  ]);
  marks.clear();
  marks.set(1, 4);
  expect([marks.get(1), marks.get(65)]).toEqual([4, undefined]);
});
