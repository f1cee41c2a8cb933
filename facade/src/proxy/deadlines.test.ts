import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Deadlines, type Watched } from './deadlines.ts';

let deadlines: Deadlines;
beforeEach(() => {
  jest.useFakeTimers();
  deadlines = new Deadlines();
});
afterEach(() => {
  deadlines.stop();
  jest.useRealTimers();
});

function watched(inMs: number): Watched & { readonly calls: number[] } {
  const calls: number[] = [];
  const one = {
    due: performance.now() + inMs,
    place: undefined,
    calls,
    overdue: (now: number) => void calls.push(now),
  };
  deadlines.watch(one);
  return one;
}

test('what is overdue is told at each look, until it is let go', () => {
  const one = watched(100);
  jest.advanceTimersByTime(90);
  expect(one.calls).toHaveLength(0);
  jest.advanceTimersByTime(100);
  expect(one.calls).toHaveLength(2);
  deadlines.release(one);
  jest.advanceTimersByTime(1_000);
  expect(one.calls).toHaveLength(2);
});

test('a deadline may be moved', () => {
  const one = watched(100);
  one.due += 1_000;
  jest.advanceTimersByTime(1_000);
  expect(one.calls).toHaveLength(0);
});

test('a place is used again, and letting go twice takes it from nobody', () => {
  const first = watched(10_000);
  deadlines.release(first);
  const second = watched(100);
  deadlines.release(first);
  jest.advanceTimersByTime(120);
  expect(second.calls).toHaveLength(1);
  const third = watched(100);
  expect(third.place).not.toBe(second.place);
});

test('one that was never watched can be let go', () => {
  const one = { due: 0, place: undefined, overdue: () => {} };
  deadlines.release(one);
  const other = watched(100);
  deadlines.release(one);
  jest.advanceTimersByTime(120);
  expect(other.calls).toHaveLength(1);
});

test('one may let itself or another go while it is told', () => {
  const order: string[] = [];
  const one: Watched = { due: 0, place: undefined, overdue: () => {} };
  const other: Watched = { due: 0, place: undefined, overdue: () => void order.push('other') };
  one.overdue = () => {
    order.push('one');
    deadlines.release(one);
    deadlines.release(other);
  };
  deadlines.watch(one);
  deadlines.watch(other);
  jest.advanceTimersByTime(200);
  expect(order).toEqual(['one']);
});
