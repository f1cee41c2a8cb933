import { expect, test } from '@jest/globals';
import { replicateText } from './replicate.ts';

const result = {
  context: 'catalog',
  stage: 'replicating',
  direction: 'forward',
  caughtUp: false,
  rowsApplied: 51,
  lagSeconds: null,
} as const;

test('stage, direction and rows; caught up is said only when it is so', () => {
  expect(replicateText(result)).toBe('catalog: stage replicating, forward, 51 rows applied');
  expect(replicateText({ ...result, caughtUp: true })).toBe(
    'catalog: stage replicating, forward, 51 rows applied, caught up',
  );
});
