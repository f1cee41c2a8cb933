import { expect, test } from '@jest/globals';
import { writtenTogetherText } from './written-together.ts';

const nothing = {
  context: 'shop',
  side: 'monolith' as const,
  watchedSeconds: 0,
  pairs: [],
  tables: [],
};
const pair = (other: string, reason: string | null) => ({
  table: 'vouchers',
  other,
  transactions: 2,
  all: 3,
  frequency: `2 of 3 transactions that wrote vouchers wrote ${other} as well`,
  reason,
});

test('never watched, nothing written, nothing across the border: three different answers', () => {
  expect(writtenTogetherText(nothing)).toBe(
    'The log of the monolith was never watched: strangler written-together shop --side monolith --for 1h',
  );
  expect(writtenTogetherText({ ...nothing, watchedSeconds: 600 })).toBe(
    'The log of the monolith was watched for 10 min; nobody wrote a table of shop meanwhile.',
  );
  expect(writtenTogetherText({ ...nothing, watchedSeconds: 600, tables: ['vouchers'] })).toBe(
    'The log of the monolith was watched for 10 min: vouchers written, never together with a table outside of shop.',
  );
});

test('each pair with how often and its decision; the line to write only while one is open', () => {
  const seen = { ...nothing, watchedSeconds: 600, tables: ['vouchers'] };
  const open = writtenTogetherText({
    ...seen,
    pairs: [pair('orders', null), pair('audit', 'A log.')],
  });
  expect(open).toMatch(/vouchers +orders +2 of 3 transactions +no/);
  expect(open).toMatch(/vouchers +audit +2 of 3 transactions +A log\./);
  expect(open).toContain("writtenTogether.monolith['orders']: { reason: ");
  expect(writtenTogetherText({ ...seen, pairs: [pair('audit', 'A log.')] })).not.toContain(
    'Decide in',
  );
});
