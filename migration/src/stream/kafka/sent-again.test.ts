import { describe, expect, test } from '@jest/globals';
import { ChangeMarks } from './change-mark.ts';
import { SentAgain } from './sent-again.ts';

function given(...marks: readonly number[]): SentAgain | null {
  const changes = new ChangeMarks();
  for (const [index, mark] of marks.entries()) changes.set(index + 1, mark);
  return SentAgain.of(changes, marks.length);
}

describe('changes of a transaction whose numbers clash', () => {
  test('one that comes again comes once more, under the next number', () => {
    const changes = given(11, 12, 13)!;
    expect([3, 4, 5, 2].map((order) => changes.judge(order, 13))).toEqual([
      'other',
      'again',
      'other',
      'other',
    ]);
    expect(changes.judge(4, 14)).toBe('new');
    changes.repeat(13);
    expect([1, 3, 4, 5].map((order) => changes.judge(order, 13))).toEqual(
      Array.from({ length: 4 }, () => 'other'),
    );
  });

  test('are all there when they are one less than the numbers, and one came again', () => {
    const changes = given(11, 12)!;
    expect([3, 4].map((numbers) => changes.areAll(numbers))).toEqual([false, false]);
    changes.repeat(12);
    expect([2, 3, 4].map((numbers) => changes.areAll(numbers))).toEqual([false, true, false]);
    changes.add(4, 13);
    expect([3, 4, 5].map((numbers) => changes.areAll(numbers))).toEqual([false, true, false]);
  });

  test('cannot be told apart where two that were given out look the same', () => {
    expect(given(11, 12, 11)).toBeNull();
  });

  test('are not looked up in a transaction that is too long for it', () => {
    const long = new ChangeMarks();
    for (let order = 1; order <= 1_000_001; order += 1) long.set(order, order);
    expect(SentAgain.of(long, 1_000_001)).toBeNull();
  });
});
