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

  test.each([
    [256, 1, [0]],
    [257, 1, [0, 256]],
    [512, 1, [0, 256]],
    [513, 1, [0, 256, 512]],
    [2048, 1, [0, 256, 512, 768, 1024, 1280, 1536, 1792]],
    [2400, 1, [0, 300, 600, 900, 1200, 1500, 1800, 2100]],
    [4801, 2, Array.from({ length: 16 }, (_, index) => index * 301)],
  ])('%d pages for %d workers begin at %j', (pages, parallel, begins) => {
    const ranges = pageRanges(pages, parallel);
    expect(ranges.map(({ from }) => from)).toEqual(begins);
    expect(ranges.map(({ to }) => to)).toEqual([...begins.slice(1), undefined]);
  });
});
