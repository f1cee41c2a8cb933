import { expect, test } from '@jest/globals';
import { whatDiffers } from './what-differs.ts';

test.each([
  [true, { differences: 0 }, '0 differing rows'],
  [false, { differences: 3, unsettled: 0 }, '3 differing rows'],
  [
    false,
    { differences: 0, unsettled: 2, orphans: 1, underived: 4 },
    '0 differing rows, 2 not settled (they changed while they were compared), 1 that refer to nothing, ' +
      '4 that hold something else than their expression',
  ],
  [false, {}, 'an unknown number of differing rows'],
])('a verification that is clean: %s, with %j', (ok, detail, text) =>
  expect(whatDiffers({ ok, detail })).toBe(text),
);
