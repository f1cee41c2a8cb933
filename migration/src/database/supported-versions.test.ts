import { describe, expect, test } from '@jest/globals';
import { isStranglerError } from '@strangler-toolkit/plan';
import { knows, majorOf, requireSupported } from './supported-versions.ts';

test.each([
  [130_000, 13],
  [139_999, 13],
  [180_004, 18],
])('%i is a server of %i', (version, major) => {
  expect(majorOf(version)).toBe(major);
});

describe('a server', () => {
  test.each([130_000, 150_018, 180_004, 190_000])('of %i is accepted', (version) => {
    expect(() => requireSupported(version, 'here')).not.toThrow();
  });

  test.each([120_022, 100_000, 90_624])('of %i is refused, with its version named', (version) => {
    let thrown: unknown;
    try {
      requireSupported(version, 'shop:5432/shop');
    } catch (error) {
      thrown = error;
    }
    expect(isStranglerError(thrown) && thrown.code).toBe('DB_VERSION');
    expect(String(thrown)).toContain(`shop:5432/shop is PostgreSQL ${majorOf(version)};`);
  });

  test.each([
    ['tidRanges', 139_999, 140_000],
    ['replaceTrigger', 139_999, 140_000],
    ['parameterPrivileges', 149_999, 150_000],
    ['originFilter', 159_999, 160_000],
    ['failoverSlots', 169_999, 170_000],
    ['infiniteIntervals', 169_999, 170_000],
  ] as const)('does not know %s as %i, and does as %i', (what, last, first) => {
    expect(knows(last, what)).toBe(false);
    expect(knows(first, what)).toBe(true);
  });
});
