import { type Direction, endsOf, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { connect } from '../database/connect.ts';
import { databaseFailure } from '../database/failures.ts';
import { displayTable } from '../database/identifiers.ts';
import {
  type CompiledMapping,
  type CompiledTable,
  distinctTables,
  mappingsOf,
  tableName,
} from '../mapping/compiled-mapping.ts';
import type { CrossingKey } from '../mapping/crossing-keys.ts';
import type { Lsn } from '../stream/change-event.ts';
import { compareParts, sharedKey } from './comparison.ts';
import { addSettled, compareTable, type TableCounts } from './compare-table.ts';
import { findOtherLists, findUnderived, type Underived } from './derived.ts';
import { countOrphans, type Orphans } from './orphans.ts';
import { type DifferingRow, type SettleContext, settle, throwIfCancelled } from './settle.ts';

export interface NamedKey {
  /** The monolith's table, `schema.table`. */
  readonly table: string;
  /** As the monolith writes it, in the order of the key's columns. */
  readonly key: readonly string[];
}

export interface VerifyProgress {
  readonly table: string;
  readonly rows: number;
  readonly rowsEstimated: number;
  readonly chunks: number;
  readonly differing: number;
}

export interface VerifyOptions {
  readonly mapping: CompiledMapping;
  readonly monolithUrl: string;
  readonly serviceUrl: string;
  /** forward: the monolith owns the data and the service may lag; reverse: the other way round. */
  readonly direction: Direction;
  appliedPosition(): Promise<Lsn>;
  /** Rows per checksum (default 1000). */
  readonly chunkRows?: number;
  /** Chunks compared at once (default 2). */
  readonly parallel?: number;
  /** Only these rows. */
  readonly keys?: readonly NamedKey[];
  readonly onProgress?: (progress: VerifyProgress) => void;
  readonly signal?: AbortSignal;
  /** Rounds for rows that are written again and again (default 10). */
  readonly attempts?: number;
  /** Longest wait for the other side to apply what was just read (default 30 s). */
  readonly catchUpMs?: number;
  /** A table with more differences is not searched to the end (default 10000). */
  readonly maxDifferences?: number;
  /** Foreign keys across the border whose other end another context's stream brings. */
  readonly carried?: (key: CrossingKey) => boolean;
  /** Takes differing rows as they are found, instead of the result; not with `keys`. */
  readonly onDiffering?: (rows: readonly DifferingRow[]) => Promise<void>;
}

export interface VerifiedTable {
  readonly table: string;
  readonly rows: number;
  readonly chunks: number;
  readonly differing: readonly DifferingRow[];
  /** Rows of which nothing can be said: written too often, or the other side did not catch up. Never counted as clean. */
  readonly unsettled: number;
  readonly unsettledKeys: readonly (readonly string[])[];
  /** The search ended at `maxDifferences`. */
  readonly truncated: boolean;
}

export interface VerifyResult {
  readonly tables: readonly VerifiedTable[];
  readonly rowsCompared: number;
  readonly differences: number;
  readonly unsettled: number;
  /** Not looked for when only some rows are compared. */
  readonly orphans: readonly Orphans[];
  /** Not looked for when only some rows are compared. */
  readonly underived: readonly Underived[];
  readonly seconds: number;
}

export interface VerifyConnections {
  readonly monolith: pg.Client;
  readonly service: pg.Client;
}

/**
 * Compares both sides while both are in use. Reports no difference that is only lag, and no row as clean that it did not see
 * alike on both sides.
 * @throws StranglerError CANCELLED, DB_*, CONFIG_INVALID
 */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  const began = performance.now();
  const parallel = Math.max(1, options.keys ? 1 : (options.parallel ?? 2));
  const connections: VerifyConnections[] = [];
  try {
    for (let index = 0; index < parallel; index += 1) connections.push(await open(options));
    const tables: VerifiedTable[] = [];
    if (options.keys) assertKnown(options.mapping, options.keys);
    for (const table of options.mapping.tables) {
      throwIfCancelled(options.signal);
      const named = options.keys
        ?.filter((key) => key.table === `${table.monolith.schema}.${table.monolith.table}`)
        .map(({ key }) => key);
      if (named?.length === 0) continue;
      tables.push(
        named
          ? await compareNamed(options, connections[0], table, named)
          : await compareAll(options, connections, table),
      );
    }
    const [first] = connections;
    const orphans =
      options.keys || !first ? [] : await countOrphans(options.mapping, first, options.carried);
    const underived =
      first && !options.keys
        ? [
            ...(await findUnderived(options.mapping, first.monolith)),
            ...(await findOtherLists(options.mapping, first.service)),
          ]
        : [];
    return {
      tables,
      orphans,
      underived,
      rowsCompared: tables.reduce((sum, table) => sum + table.rows, 0),
      differences: tables.reduce((sum, table) => sum + table.differing.length, 0),
      unsettled: tables.reduce((sum, table) => sum + table.unsettled, 0),
      seconds: (performance.now() - began) / 1000,
    };
  } catch (error) {
    throwIfCancelled(options.signal);
    throw databaseFailure(error, `Verification of ${options.mapping.context} failed`);
  } finally {
    await Promise.all(
      connections
        .flatMap(({ monolith, service }) => [monolith, service])
        .map((client) => client.end().catch(() => {})),
    );
  }
}

async function open(options: VerifyOptions): Promise<VerifyConnections> {
  const monolith = await connect(options.monolithUrl, { applicationName: 'strangler-verify' });
  try {
    return {
      monolith,
      service: await connect(options.serviceUrl, { applicationName: 'strangler-verify' }),
    };
  } catch (error) {
    await monolith.end().catch(() => {});
    throw error;
  }
}

export function assertKnown(mapping: CompiledMapping, keys: readonly NamedKey[]): void {
  for (const { table, key } of keys) {
    const found = mapping.tables.find(
      ({ monolith }) => `${monolith.schema}.${monolith.table}` === table,
    );
    if (!found)
      throw new StranglerError(
        'USAGE',
        `${mapping.context} maps no table ${table} (it maps ${distinctTables(mapping, 'monolith').map(displayTable).join(', ')})`,
      );
    if (found.key.length !== key.length)
      throw new StranglerError(
        'USAGE',
        `a key of ${table} has ${found.key.length} columns (${found.key.join(', ')}), not ${key.length}`,
      );
  }
}

function settleContext(
  options: VerifyOptions,
  { monolith, service }: VerifyConnections,
): SettleContext {
  const { source, target } = endsOf(options.direction, {
    monolith: { client: monolith, side: 'monolith' as const },
    service: { client: service, side: 'service' as const },
  });
  return {
    owner: source,
    other: target,
    appliedPosition: () => options.appliedPosition(),
    attempts: options.attempts ?? 10,
    catchUpMs: options.catchUpMs ?? 30_000,
    signal: options.signal,
  };
}

const finish = (table: CompiledTable, counts: TableCounts): VerifiedTable => ({
  table: displayTable(table.monolith),
  rows: counts.rows,
  chunks: counts.chunks,
  differing: counts.differing,
  unsettled: counts.unsettled.length,
  unsettledKeys: counts.unsettled,
  truncated: counts.truncated,
});

async function compareAll(
  options: VerifyOptions,
  connections: readonly VerifyConnections[],
  table: CompiledTable,
): Promise<VerifiedTable> {
  const counts: TableCounts = {
    rows: 0,
    chunks: 0,
    differing: [],
    unsettled: [],
    truncated: false,
  };
  const report = (): void =>
    options.onProgress?.({
      table: displayTable(table.monolith),
      rows: counts.rows,
      rowsEstimated: Math.max(table.monolith.estimatedRows, counts.rows),
      chunks: counts.chunks,
      differing: counts.differing.length,
    });
  for (const comparison of compareParts(table)) {
    await compareTable({
      comparison,
      counts,
      report,
      workers: connections.map((pair) => settleContext(options, pair)),
      chunkRows: options.chunkRows ?? 1000,
      maxDifferences: options.maxDifferences ?? 10_000,
      ...(options.onDiffering && { onDiffering: options.onDiffering }),
    });
  }
  report();
  return finish(table, counts);
}

async function compareNamed(
  options: VerifyOptions,
  connections: VerifyConnections | undefined,
  table: CompiledTable,
  keys: readonly (readonly string[])[],
): Promise<VerifiedTable> {
  const counts: TableCounts = {
    // a row of several mappings is one row
    rows: mappingsOf(options.mapping, tableName(table.monolith))[0] === table ? keys.length : 0,
    chunks: 0,
    differing: [],
    unsettled: [],
    truncated: false,
  };
  if (!connections) return finish(table, counts);
  for (const comparison of compareParts(table)) {
    const { differing, unsettled } = await settle(
      settleContext(options, connections),
      comparison,
      keys.map((key) => sharedKey(comparison, key)),
    );
    addSettled(counts, comparison, differing, unsettled);
  }
  return finish(table, counts);
}
