import { expect, test } from '@jest/globals';
import { stillFailing } from './still-failing.ts';

test.each([
  ['nothing was applied since', 5n, 29, true],
  ['it was set back', 4n, 1, true],
  ['it got past the place', 6n, 0, false],
  ['there was nothing to get past', 5n, 30, false],
])('a stream that was opened again at 5: %s', (_, position, seconds, failing) => {
  expect(stillFailing(5n, { position, seconds })).toBe(failing);
});
