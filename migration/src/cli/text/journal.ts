import type { JournalRow } from '../../control/index.ts';

/** One line of the journal. */
export const journalText = (row: JournalRow): string =>
  `${row.at.slice(0, 23)}  ${row.context.padEnd(16)} ${String(row.epoch ?? '').padStart(3)}  ${row.status.padEnd(8)} ${row.step.padEnd(20)} ${row.actor}  ${typeof row.detail.reason === 'string' ? `${row.detail.reason}  ` : ''}${JSON.stringify(row.detail).slice(0, 200)}`;
