import { type Direction, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { displayTable } from '../database/identifiers.ts';
import type { Identity } from '../identity/identity.ts';
import type { Change } from '../identity/what-changed.ts';
import { type CompiledMapping, type CompiledTable, tablesOn } from '../mapping/compiled-mapping.ts';
import { withStreamLock } from '../stream/source/stream-lock.ts';
import {
  ensurePublication,
  publicationDifference,
  type ReplicationNames,
  type SourceTable,
  type StreamSource,
} from '../stream/index.ts';
import { filledTable } from './filled-table.ts';
import { newcomersTo } from './require-accepted.ts';

export interface PublishAgain {
  readonly source: StreamSource;
  readonly target: pg.Client;
  readonly direction: Direction;
  readonly names: ReplicationNames;
  readonly tables: readonly SourceTable[];
  readonly mapping: CompiledMapping;
  /** What the applied rows rest on. */
  readonly known: Identity;
  /** @throws when another worker or another epoch took over */
  readonly stillMine: () => Promise<void>;
}

/**
 * Somebody said that tables which were exchanged, left out, or came to the mapping are to be read again: from now on their
 * changes come, and what came before is compared.
 * @throws StranglerError TARGET_NOT_EMPTY
 */
export async function publishAgain(again: PublishAgain, changes: readonly Change[]): Promise<void> {
  const { source, names, tables, direction, stillMine } = again;
  const added =
    (await publicationDifference(source.client, names.publication, tables))?.added ?? [];
  const newcomers = unpublished(again, added);
  // The service would be taken for the owner of rows that it never had: they stay out, and the worker says so.
  if (newcomers.length > 0 && direction === 'reverse') return;
  if (newcomers.length === 0 && changes.every(({ severity }) => severity !== 'stop')) return;
  for (const table of newcomers) await requireEmpty(again.target, table);
  await withStreamLock(source, 'session', async () => {
    await stillMine();
    await ensurePublication(source.client, names.publication, tables);
  });
}

/** Tables that were neither mapped nor published. Of one that is published --reread says that its rows may go. */
const unpublished = (
  { mapping, known }: PublishAgain,
  added: readonly string[],
): readonly CompiledTable[] =>
  newcomersTo(known, mapping).filter(({ monolith }) => added.includes(displayTable(monolith)));

/** To read it again removes what the monolith does not have: rows of somebody else must not go with it. */
async function requireEmpty(service: pg.Client, table: CompiledTable): Promise<void> {
  const filled = await filledTable(
    service,
    tablesOn(table, 'service'),
    table.parts[0].shared?.where,
  );
  if (filled === undefined) return;
  throw new StranglerError(
    'TARGET_NOT_EMPTY',
    `${table.line}: table ${displayTable(filled)} of the service is not empty, and ${displayTable(table.monolith)} was not mapped before`,
    {
      remedy: `Empty ${displayTable(filled)} of the service, then start the worker with --reread again.`,
      details: { table: displayTable(filled) },
    },
  );
}
