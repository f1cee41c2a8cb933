import type { CopyProgress } from './progress.ts';

const seconds = (value: number | null | undefined): string =>
  value === null || value === undefined
    ? '?'
    : value < 90
      ? `${Math.round(value)} s`
      : `${Math.round(value / 60)} min`;

/** How far the copy of the table is that was heard of last; of what nothing is known yet, nothing is told. */
export function copyingText({
  table,
  rowsCopied = 0,
  rowsEstimated = 0,
  rowsPerSecond = 0,
  etaSeconds,
}: Partial<CopyProgress>): string {
  if (table === undefined) return 'copying';
  // rows are counted where a range of them is through
  if (rowsCopied === 0) return `copying ${table}`;
  const share =
    rowsEstimated > 0 ? ` ${Math.min(100, Math.round((100 * rowsCopied) / rowsEstimated))} %` : '';
  return `copying ${table}: ${rowsCopied} rows${share}, ${Math.round(rowsPerSecond)} rows/s, ${seconds(etaSeconds)} to go`;
}

/** A small table is copied before anybody hears of its rows; the end counts them all. */
export function copiedText(rowsByTable: ReadonlyMap<string, number>): string {
  const rows = [...rowsByTable.values()].reduce((sum, count) => sum + count, 0);
  const of = rowsByTable.size === 1 ? [...rowsByTable.keys()][0] : `${rowsByTable.size} tables`;
  return `copied ${rows} rows of ${of}`;
}
