import { expect, test } from '@jest/globals';
// @ts-expect-error a script, which TypeScript does not read
import { summarise, table } from '../../scripts/test-times/table.mjs';

test('the table of what suites cost shows the dearest, the sum of the others, and all', () => {
  const costs = summarise([
    { suite: 'a', started: 'postgres' },
    { suite: 'a', started: 'unleash' },
    { suite: 'cheap', seconds: 1, cpu: 1 },
    { suite: 'a', seconds: 10, cpu: 4 },
    { suite: 'b', seconds: 2, cpu: 3 },
  ]);
  expect(table(costs, { shown: 1, seconds: 12 }).split('\n').slice(2)).toEqual([
    '| a | 2 | 10 | 6 | 4 |',
    '| 2 others | 0 | 3 | 0 | 4 |',
    '| all 3 | 2 | 13 | 6 | 8 |',
    '',
    'The whole run took 12 seconds.',
    '',
  ]);
});
