import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, StranglerError } from '@strangler-toolkit/plan';
import type { Client } from 'pg';
import { quoteTable } from '../database/identifiers.ts';
import { serverVersion } from '../database/server-version.ts';
import { knows } from '../database/supported-versions.ts';
import {
  type FenceRule,
  type FenceTriggers,
  installFenceSchema,
  readFenceTriggers,
} from '../replica/fences.ts';
import { type Remade, remaking, replacing } from './fence-statements.ts';
import {
  type FenceableTable,
  fenceableTables,
  type FencedTable,
  type TableName,
} from './fence-tables.ts';
import { forgetMarks, markingFence } from '../replica/fence-marks.ts';
import { type MoveGuard, guarded } from '../replica/move-guards.ts';
import { hasTable } from '../replica/schema.ts';
import { dropCounters } from '../replica/refusals.ts';
import { noteOwner, type OwnerNote } from '../replica/owners.ts';
import { describeWriters, runningWriters } from '../database/running-writers.ts';

export interface Fence extends FenceRule {
  readonly tables: readonly FencedTable[];
}

export interface FenceOptions {
  /** Longest wait for running writers per attempt, milliseconds (default 1000). */
  readonly lockTimeoutMs?: number;
  readonly attempts?: number;
  readonly guard?: MoveGuard;
  /** What this database is told in the same transaction. */
  readonly note?: OwnerNote & { readonly context: string };
  readonly signal?: AbortSignal;
  /** The caller installed the schema of fences and their counters before: while writes are held nobody asks for them again. */
  readonly prepared?: boolean;
}

export interface FenceChange {
  readonly tables: readonly string[];
  readonly attempts: number;
  readonly milliseconds: number;
}

interface Locking {
  readonly context: string;
  /** Nothing is refused afterwards. */
  readonly lifts: boolean;
  readonly tables: readonly TableName[];
  /** ACCESS EXCLUSIVE waits for every reader too. */
  readonly mode?: 'SHARE ROW EXCLUSIVE' | 'ACCESS EXCLUSIVE';
}

async function withLocks(
  client: Client,
  { context, lifts, tables, mode = 'SHARE ROW EXCLUSIVE' }: Locking,
  options: FenceOptions,
  work: () => Promise<void>,
): Promise<{ attempts: number; milliseconds: number }> {
  const began = performance.now();
  const attempts = options.attempts ?? 5;
  const { rows } = await client.query<{ ms: string }>(
    `SELECT extract(epoch FROM current_setting('deadlock_timeout')::interval) * 1000 AS ms`,
  );
  const deadlockMs = Number(rows[0]?.ms ?? 1000);
  // Giving up before the deadlock detector runs keeps it from ever choosing a business transaction as the victim of ours.
  let waitMs = Math.max(20, Math.min(options.lockTimeoutMs ?? 1000, Math.floor(deadlockMs * 0.8)));
  for (let attempt = 1; ; attempt += 1) {
    options.signal?.throwIfAborted();
    try {
      await guarded(client, options.guard, async () => {
        // One statement for all tables, so that the time is bounded as a whole; sorted, so that two fences cannot deadlock.
        await client.query(`SET LOCAL statement_timeout = ${waitMs}`);
        if (tables.length > 0)
          await client.query(`LOCK TABLE ${tables.map(quoteTable).join(', ')} IN ${mode} MODE`);
        await client.query('SET LOCAL statement_timeout = 0');
        if (options.note) await noteOwner(client, options.note.context, options.note);
        await markingFence(client, { context, lifts }, work);
      });
      return { attempts: attempt, milliseconds: performance.now() - began };
    } catch (error) {
      if (codeOf(error) === '42501')
        throw new StranglerError(
          'DB_PRIVILEGE',
          `fencing needs a user that owns the tables ${tables.map(quoteTable).join(', ')}: ${String(error)}`,
          { cause: error },
        );
      if (!['57014', '55P03', '40P01'].includes(codeOf(error))) throw error;
      const writers = await runningWriters(client, tables);
      if (attempt >= attempts) {
        throw new StranglerError(
          'FENCE_TIMEOUT',
          `${attempts} attempts to lock ${tables.map(quoteTable).join(', ')} failed; ${describeWriters(writers)}`,
          { cause: error, details: { writers } },
        );
      }
      // Autovacuum steps aside only for someone who waits past deadlock_timeout.
      if (writers.length > 0 && writers.every((writer) => writer.autovacuum))
        waitMs = deadlockMs + 500;
      await delay(Math.min(50 * attempt, 250), undefined, { signal: options.signal });
    }
  }
}

/**
 * Fences the tables (and their partitions and children) in one transaction; waits for the writers that are at work. Idempotent.
 *
 * CREATE OR REPLACE and ENABLE/DISABLE TRIGGER take SHARE ROW EXCLUSIVE, which waits for running writers and lets readers
 * pass. Dropping waits for every reader too, and a long report must not prolong a cutover: so a fence that is lifted is
 * disabled, and dropped only at teardown, or where an old server has a fence of another mode to make way for this one.
 */
export async function installFence(
  client: Client,
  fence: Fence,
  options: FenceOptions = {},
): Promise<FenceChange> {
  if (!options.prepared) await installFenceSchema(client, fence.context, fence.tables);
  const tables = await fenceableTables(client, fence.tables);
  const made = await madeBy(client, fence, tables);
  const mode = made.some(({ drops }) => drops) ? 'ACCESS EXCLUSIVE' : 'SHARE ROW EXCLUSIVE';
  const done = await withLocks(
    client,
    { context: fence.context, lifts: fence.mode !== 'refuse', tables, mode },
    options,
    async () => {
      for (const { sql } of made) await client.query(sql);
    },
  );
  return { tables: tables.map(({ schema, table }) => `${schema}.${table}`), ...done };
}

async function madeBy(
  client: Client,
  fence: Fence,
  tables: readonly FenceableTable[],
): Promise<Remade[]> {
  if (knows(await serverVersion(client), 'replaceTrigger'))
    return tables.map((table) => ({ sql: replacing(table, fence), drops: false }));
  const there = await readFenceTriggers(client, fence.context, { includeLifted: true });
  const of = ({ schema, table }: TableName): FenceTriggers | undefined =>
    there.find((one) => one.table.schema === schema && one.table.table === table);
  return tables.map((table) => remaking(table, fence, of(table)));
}

/** Lifts whatever fence of the context stands in this database, also on tables that the mapping no longer names. Idempotent. */
export async function removeFence(
  client: Client,
  context: string,
  options: FenceOptions & { drop?: boolean } = {},
): Promise<FenceChange> {
  const fences = await readFenceTriggers(client, context, { includeLifted: options.drop === true });
  const done = await withLocks(
    client,
    { context, lifts: true, tables: fences.map(({ table }) => table) },
    options,
    async () => {
      for (const { table, triggers } of fences) {
        for (const trigger of triggers) {
          await client.query(
            options.drop
              ? `DROP TRIGGER IF EXISTS ${trigger} ON ${quoteTable(table)}`
              : `ALTER TABLE ${quoteTable(table)} DISABLE TRIGGER ${trigger}`,
          );
        }
      }
      if (options.drop) {
        await dropCounters(client, context);
        if (await hasTable(client, 'fence_marks')) await forgetMarks(client, context);
      }
    },
  );
  return { tables: fences.map(({ table }) => `${table.schema}.${table.table}`), ...done };
}
