import type { PageRange } from './projection-sql.ts';

const smallestChunk = 256;

/** Enough chunks to keep every worker busy to the end, none so small that starting it costs more than copying it. */
export function pageRanges(pages: number, parallel: number): readonly PageRange[] {
  const size = Math.max(smallestChunk, Math.ceil(pages / (parallel * 8)));
  const ranges: PageRange[] = [];
  for (let from = 0; from === 0 || from < pages; from += size) ranges.push({ from, to: from + size < pages ? from + size : undefined });
  return ranges;
}
