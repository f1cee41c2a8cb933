import { describe, expect, test } from '@jest/globals';
import { RecentCommits } from './recent-commits.ts';

describe('recent commits', () => {
  test('are known until as many newer ones passed as it holds', () => {
    const recent = new RecentCommits(3);
    for (const lsn of [10n, 20n, 30n, 40n]) recent.add(lsn);
    expect([10n, 20n, 30n, 40n, 25n].map((lsn) => recent.has(lsn))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(recent.last).toBe(40n);
  });
  test('are none at the start and after clearing', () => {
    const recent = new RecentCommits(3);
    expect(recent.has(10n)).toBe(false);
    recent.add(10n);
    recent.clear();
    expect([recent.has(10n), recent.last]).toEqual([false, 0n]);
  });
});
