import { expect, test } from '@jest/globals';
import { inOrder } from './in-order.ts';

const ordered = (suites: string[]): string =>
  inOrder(
    suites,
    (suite) => ['A', 'B', 'C', 'slow'].indexOf(suite) >>> 0,
    (suite) => /[ABC]/.test(suite),
  ).join(' ');

test('whole stacks begin one after the other, with slow suites between, and the quick ones come last', () => {
  expect(ordered(['1', 'C', '2', 'slow', '3', 'B', '4', '5', '6', 'A'])).toBe(
    'A slow 1 2 3 4 5 B 6 C',
  );
  expect(ordered(['B', 'A'])).toBe('A B');
  expect(ordered(['2', '1'])).toBe('2 1');
});
