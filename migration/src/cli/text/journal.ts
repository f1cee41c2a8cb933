import type { JournalRow } from '../../control/index.ts';

/** One line of the journal. */
export function journalText(row: JournalRow): string {
  const reason = typeof row.detail.reason === 'string' ? `${row.detail.reason}  ` : '';
  return (
    `${row.at.slice(0, 23)}  ${row.context.padEnd(16)} ${String(row.epoch ?? '').padStart(3)}  ` +
    `${row.status.padEnd(8)} ${row.step.padEnd(20)} ${row.actor}  ` +
    `${reason}${JSON.stringify(row.detail).slice(0, 200)}`
  );
}
