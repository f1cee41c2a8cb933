import { expect, test } from '@jest/globals';
import { majorVersion } from './java.ts';

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['openjdk version "21" 2023-09-19', 21],
  ['openjdk version "25-ea" 2025-09-16', 25],
  ['java version "1.8.0_402"', 8],
  ['Error: could not open', undefined],
])('%s is Java %s', (printed, version) => {
  expect(majorVersion(printed)).toBe(version);
});
