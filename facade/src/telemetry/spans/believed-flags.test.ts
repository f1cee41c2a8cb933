import { expect, test } from '@jest/globals';
import { believedFlags } from './believed-flags.ts';

test.each([
  // what was said, by whom, the share, chance, and whether it is told
  [1, { trusted: true, ratio: 0, chance: 0.99 }, 1],
  [0, { trusted: true, ratio: 1, chance: 0 }, 0],
  [1, { trusted: false, ratio: 1, chance: 0.99 }, 1],
  [1, { trusted: false, ratio: 0, chance: 0 }, 0],
  [1, { trusted: false, ratio: 0.5, chance: 0.49 }, 1],
  [1, { trusted: false, ratio: 0.5, chance: 0.5 }, 0],
  [0, { trusted: false, ratio: 1, chance: 0 }, 0],
  // bits that a later version may mean something by
  [0x03, { trusted: true, ratio: 0, chance: 0 }, 1],
  [0xfe, { trusted: true, ratio: 1, chance: 0 }, 0],
])('flags %j of a trace are believed: %j', (said, by, told) => {
  expect(believedFlags(said, by)).toBe(told);
});
