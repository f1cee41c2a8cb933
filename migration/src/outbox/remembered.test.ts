import { expect, test } from '@jest/globals';
import { daysToRemember } from './remembered.ts';

const day = 86_400_000;
const ask = (asked: number | undefined, milliseconds: number) => (): number =>
  daysToRemember('search', asked, { place: 'topic t', milliseconds });

test.each<[number | undefined, number, number]>([
  [undefined, 7 * day, 30],
  [undefined, 45.5 * day, 47],
  [undefined, 30 * day, 31],
  [undefined, Infinity, Infinity],
  [8, 7 * day, 8],
  [Infinity, Infinity, Infinity],
])('asked for %p days, kept for %d ms: remembered for %p days', (asked, milliseconds, days) =>
  expect(ask(asked, milliseconds)()).toBe(days),
);

test.each<[number, number]>([
  [7, 7 * day],
  [30, Infinity],
  [1, 2 * day],
])('%d days are refused where events are kept for %d ms', (asked, milliseconds) =>
  expect(ask(asked, milliseconds)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('topic t'),
      remedy: expect.stringContaining('rememberDays'),
    }),
  ),
);
