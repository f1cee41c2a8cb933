/** Pages of the table; `to` undefined is an open end, for pages added since. */
export interface PageRange {
  readonly from: number;
  readonly to: number | undefined;
}

export const pageCondition = ({ from, to }: PageRange): string =>
  `ctid >= '(${from},0)'::tid${to === undefined ? '' : ` AND ctid < '(${to},0)'::tid`}`;

const smallestChunk = 256;
/** 128 MB: what a copy that is cut off reads once more, for each of its connections. */
const largestChunk = 16_384;

/** Enough chunks to keep every worker busy to the end, none so small that starting it costs more than copying it. */
export const rangeSize = (
  pages: number,
  { parallel, bounded }: { readonly parallel: number; readonly bounded: boolean },
): number =>
  Math.max(
    smallestChunk,
    Math.min(bounded ? largestChunk : Infinity, Math.ceil(pages / (parallel * 8))),
  );

/** The whole table. */
export const pageRanges = (pages: number, parallel: number): readonly PageRange[] =>
  rangesLeft([], pages, rangeSize(pages, { parallel, bounded: false }));

/** What none of the ranges that are done holds, in ranges of that size. */
export function rangesLeft(
  done: readonly PageRange[],
  pages: number,
  size: number,
): readonly PageRange[] {
  const left: PageRange[] = [];
  const add = (from: number, to: number | undefined): void => {
    const end = to ?? pages;
    let at = from;
    for (; at + size < end; at += size) left.push({ from: at, to: at + size });
    left.push({ from: at, to });
  };
  let from = 0;
  for (const range of [...done].sort((a, b) => a.from - b.from)) {
    if (range.from > from) add(from, range.from);
    if (range.to === undefined) return left;
    from = Math.max(from, range.to);
  }
  add(from, undefined);
  return left;
}
