import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pageRanges } from './page-ranges.ts';

describe('page ranges', () => {
  test('cover every page once and end open', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 16 }), (pages, parallel) => {
        const ranges = pageRanges(pages, parallel);
        expect(ranges[0]?.from).toBe(0);
        ranges.forEach((range, index) => expect(range.to).toBe(ranges[index + 1]?.from));
        expect(ranges.length).toBeLessThanOrEqual(parallel * 8 + 1);
      }),
    );
  });
  test('an empty table is one range', () =>
    expect(pageRanges(0, 4)).toEqual([{ from: 0, to: undefined }]));
});
