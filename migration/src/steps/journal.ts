import type { JournalRow } from '../control/index.ts';
import type { Toolkit } from './toolkit.ts';

export interface JournalOptions {
  readonly context?: string;
  readonly limit?: number;
  readonly follow?: boolean;
  onRow(row: JournalRow): void;
}

/** Shows the journal; with `follow` until Ctrl-C. */
export async function journal(kit: Toolkit, options: JournalOptions): Promise<void> {
  const control = await kit.control();
  const context = options.context === undefined ? {} : { context: options.context };
  let last = 0;
  const show = (rows: readonly JournalRow[]): void => {
    for (const row of rows) {
      last = row.id;
      options.onRow(row);
    }
  };
  show(await control.journal.list({ ...context, limit: options.limit ?? 50 }));
  while (options.follow) {
    await kit.pause(500);
    show(await control.journal.list({ ...context, afterId: last }));
  }
}
