/** Pages of the table; `to` undefined is an open end, for pages added since. */
export interface PageRange {
  readonly from: number;
  readonly to: number | undefined;
}

export const pageCondition = ({ from, to }: PageRange): string =>
  `ctid >= '(${from},0)'::tid${to === undefined ? '' : ` AND ctid < '(${to},0)'::tid`}`;

const smallestChunk = 256;

/** Enough chunks to keep every worker busy to the end, none so small that starting it costs more than copying it. */
export function pageRanges(pages: number, parallel: number): readonly PageRange[] {
  const size = Math.max(smallestChunk, Math.ceil(pages / (parallel * 8)));
  const ranges: PageRange[] = [];
  for (let from = 0; from === 0 || from < pages; from += size)
    ranges.push({ from, to: from + size < pages ? from + size : undefined });
  return ranges;
}
