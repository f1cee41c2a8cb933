import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type PageRange, pageRanges, rangeSize, rangesLeft } from './page-ranges.ts';

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

describe('what is left of a table', () => {
  const cuts = fc
    .uniqueArray(fc.nat(3000), { maxLength: 12 })
    .map((all) => all.sort((a, b) => a - b));
  test('is every page that no range holds, once, and the open end unless that is done', () => {
    fc.assert(
      fc.property(
        cuts,
        fc.boolean(),
        fc.nat(4000),
        fc.integer({ min: 1, max: 900 }),
        (all, openEnd, pages, size) => {
          const done: PageRange[] = all
            .slice(0, -1)
            .map((from, index) => ({ from, to: all[index + 1] }))
            .filter((_range, index) => index % 2 === 0);
          const last = all.at(-1);
          if (openEnd && last !== undefined) done.push({ from: last, to: undefined });
          const left = rangesLeft(done.toReversed(), pages, size);
          const holds = (ranges: readonly PageRange[], page: number): number =>
            ranges.filter(({ from, to }) => page >= from && page < (to ?? Infinity)).length;
          for (let page = 0; page < 5000; page += 1)
            expect(holds(left, page)).toBe(holds(done, page) === 0 ? 1 : 0);
          for (const { from, to } of left) expect((to ?? from) - from).toBeLessThanOrEqual(size);
        },
      ),
      { numRuns: 50 },
    );
  });

  test.each([
    [10_000_000, 2, true, 16_384],
    [10_000_000, 2, false, 625_000],
    [10_000_000, Infinity, true, 256],
    [100_000, 4, true, 3125],
  ])(
    '%d pages for %d connections, bounded %s, come in ranges of %d',
    (pages, parallel, bounded, size) => expect(rangeSize(pages, { parallel, bounded })).toBe(size),
  );
});
