import type pg from 'pg';
import { openStreamRow, readStreamRow } from '../apply/stream-row.ts';
import type { Control } from '../control/index.ts';
import { initialCopy } from '../copy/index.ts';
import { quoteTable } from '../database/identifiers.ts';
import { StranglerError } from '../errors.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { createSlotWithSnapshot, dropSlot, ensurePublication, type ReplicationNames } from '../stream/index.ts';
import type { WorkerProgress } from './run-worker.ts';

export interface CopyOptions {
  readonly control: Control;
  readonly context: string;
  readonly epoch: number;
  readonly mapping: CompiledMapping;
  readonly monolith: pg.Client;
  readonly service: pg.Client;
  readonly monolithUrl: string;
  readonly serviceUrl: string;
  readonly names: ReplicationNames;
  readonly workerId: string;
  readonly parallel: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: WorkerProgress) => void;
}

/** The epoch of a position row that says: a copy was begun and did not end. Whatever lies in the tables is its own. */
const copying = 0n;

export const publishedTables = (mapping: CompiledMapping, side: 'monolith' | 'service'): { schema: string; table: string }[] => [
  ...mapping.tables.flatMap((table) => (side === 'monolith' ? [table.monolith] : table.parts.map((part) => part.service))).map(({ schema, table }) => ({ schema, table })),
  { schema: 'strangler', table: 'probe' },
];

/**
 * Copies the tables as they are at the slot's first position, then opens the stream there. A copy that was cut off starts anew.
 * @throws StranglerError TARGET_NOT_EMPTY when rows are there that no copy of ours wrote
 */
export async function copyInitially(options: CopyOptions): Promise<void> {
  const { control, context, epoch, mapping, monolith, service, names } = options;
  const row = await readStreamRow(service, context, 'forward');
  if (row === null) {
    await requireEmpty(service, mapping);
    await service.query(`INSERT INTO strangler.streams (context, direction, epoch, position, state) VALUES ($1, 'forward', 0, '0/0', 'closed') ON CONFLICT DO NOTHING`, [context]);
  }
  await emptyTables(service, mapping);
  await ensurePublication(monolith, names.publication, publishedTables(mapping, 'monolith'));
  await dropSlot(monolith, names.slot);
  const began = performance.now();
  const snapshot = await createSlotWithSnapshot(options.monolithUrl, names.slot, options.signal);
  const rows = new Map<string, number>();
  try {
    let told = 0;
    await initialCopy({
      mapping,
      monolithUrl: options.monolithUrl,
      serviceUrl: options.serviceUrl,
      snapshot: snapshot.snapshot,
      parallel: options.parallel,
      signal: options.signal,
      onProgress: (progress) => {
        rows.set(progress.table, progress.rowsCopied);
        options.onProgress({ ...progress, phase: 'copying' });
        if (performance.now() - told < 200) return;
        told = performance.now();
        control.watermarks
          .upsert({ context, direction: 'forward', epoch, state: 'copying', workerId: options.workerId, detail: { ...progress } })
          .catch(() => undefined);
      },
    });
  } finally {
    await snapshot.close();
  }
  options.signal.throwIfAborted();
  await openStreamRow(service, context, 'forward', BigInt(epoch), snapshot.position);
  await control.evidence.record({
    context, kind: 'copy', epoch, ok: true,
    detail: { rows: [...rows.values()].reduce((sum, count) => sum + count, 0), tables: Object.fromEntries(rows), seconds: (performance.now() - began) / 1000 },
  });
}

/** Whether the forward stream needs an initial copy first. */
export async function needsCopy(service: pg.Client, context: string): Promise<boolean> {
  const row = await readStreamRow(service, context, 'forward');
  return row === null || row.epoch === copying;
}

async function requireEmpty(service: pg.Client, mapping: CompiledMapping): Promise<void> {
  for (const { service: table, line } of mapping.tables.flatMap((candidate) => candidate.parts)) {
    const { rows } = await service.query(`SELECT 1 FROM ${quoteTable(table)} LIMIT 1`);
    if (rows.length > 0) throw new StranglerError('TARGET_NOT_EMPTY', `${line}: ${table.schema}.${table.table} already holds rows that replication did not write`);
  }
}

async function emptyTables(service: pg.Client, mapping: CompiledMapping): Promise<void> {
  await service.query('BEGIN');
  try {
    await service.query('SET LOCAL session_replication_role = replica');
    for (const table of mapping.tables) for (const part of table.parts) await service.query(`DELETE FROM ${quoteTable(part.service)}`);
    await service.query('COMMIT');
  } catch (error) {
    await service.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
