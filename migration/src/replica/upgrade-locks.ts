import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { TableName } from '../database/identifiers.ts';
import { describeWriters, runningWriters } from '../database/running-writers.ts';

const mostAttempts = 10;

/**
 * Business transactions write into tables of ours (an audit fence logs their strays): whoever comes while an upgrade waits for
 * one of those tables waits behind it. So it waits briefly, lets them pass, and tries again; it gives up before the deadlock
 * detector runs, which might choose one of them.
 */
export async function waitBriefly(client: pg.ClientBase): Promise<void> {
  await client.query(
    `SELECT set_config('lock_timeout', greatest(20, least(200,
       extract(epoch FROM current_setting('deadlock_timeout')::interval) * 800))::int::text, true)`,
  );
}

/** What upgrades wait for and did not get. */
const notInTime = new Set(['55P03', '40P01']);

/**
 * Does the work until it gets its locks, at most some seconds.
 * @throws StranglerError REPLICA_SCHEMA_BUSY
 */
export async function untilLocked(client: pg.ClientBase, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (!notInTime.has(codeOf(error))) throw error;
      if (attempt >= mostAttempts) throw await busy(client, error);
      await delay(Math.min(50 * attempt, 250));
    }
  }
}

async function busy(client: pg.ClientBase, cause: unknown): Promise<StranglerError> {
  const { rows } = await client.query<TableName>(
    `SELECT 'strangler' AS schema, relname AS table FROM pg_class
      WHERE relnamespace = to_regnamespace('strangler') AND relkind IN ('r', 'p')`,
  );
  const holders = await runningWriters(client, rows, { readers: true });
  return new StranglerError(
    'REPLICA_SCHEMA_BUSY',
    `${mostAttempts} attempts to lock the toolkit's tables in schema strangler failed; ${describeWriters(holders)}`,
    { cause, details: { writers: holders } },
  );
}
