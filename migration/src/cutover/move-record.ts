import { StranglerError } from '@strangler-toolkit/plan';
import { sql } from 'kysely';
import type { Control, Lease } from '../control/index.ts';
import type { TableName } from './fence-tables.ts';
import type { MoveGuard } from '../replica/move-guards.ts';
import type { MoveKind } from './move-plan.ts';

/** What a recovery must know about a move whose process is dead. Written before the move touches anything. */
export interface MoveRecord {
  readonly moveId: string;
  readonly kind: MoveKind;
  readonly epoch: number;
  readonly from: readonly TableName[];
  readonly to: readonly TableName[];
  readonly sourceFence: 'none' | 'audit';
  /** The journal holds the flip of this move: it may only go forward. */
  readonly flipped: boolean;
}

interface NumberedEntry {
  readonly moveId: string;
  readonly actor: string;
  readonly step: 'move' | 'recover' | 'retire' | 'abandon';
  readonly epoch: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

/**
 * Journals the beginning and takes the number for the move guard in one statement that also holds the lease row: a process
 * that lost its lease cannot get a number above its successor's.
 */
export async function takeNumber(
  control: Control,
  lease: Lease,
  entry: NumberedEntry,
): Promise<MoveGuard> {
  const { rows } = await sql<{ id: string; control: string }>`
    WITH held AS MATERIALIZED (
      SELECT 1 FROM strangler_control.leases WHERE context = ${lease.context} AND token = ${lease.token} AND expires_at > clock_timestamp() FOR UPDATE
    ), entry AS (
      INSERT INTO strangler_control.journal (context, actor, move_id, step, status, epoch, detail)
      SELECT ${lease.context}, ${entry.actor}, ${entry.moveId}::uuid, ${entry.step}, 'started', ${entry.epoch}::bigint, ${JSON.stringify(entry.detail)}::jsonb FROM held
      RETURNING id
    )
    SELECT entry.id::text AS id, (SELECT system_identifier FROM pg_control_system()) || ':' || (SELECT oid FROM pg_database WHERE datname = current_database()) AS control
    FROM entry`.execute(control.db);
  const row = rows[0];
  if (!row)
    throw new StranglerError(
      'LEASE_LOST',
      `the lease on ${lease.context} ran out before the move began`,
    );
  return { context: lease.context, control: row.control, number: row.id };
}

/** Moves that began and neither finished nor were undone, oldest first. At most one, unless somebody wrote by hand. */
export async function unfinishedMoves(control: Control, context: string): Promise<MoveRecord[]> {
  const { rows } = await sql<{
    move_id: string;
    epoch: string;
    detail: { move: MoveKind; from: TableName[]; to: TableName[]; sourceFence: 'none' | 'audit' };
    flipped: boolean;
  }>`
    SELECT m.move_id, m.epoch::text AS epoch, m.detail,
      EXISTS (SELECT FROM strangler_control.journal f WHERE f.context = m.context AND f.move_id = m.move_id AND f.step = 'flip' AND f.status = 'done') AS flipped
    FROM strangler_control.journal m
    WHERE m.context = ${context} AND m.step = 'move' AND m.status = 'started'
      AND NOT EXISTS (SELECT FROM strangler_control.journal e WHERE e.context = m.context AND e.move_id = m.move_id AND e.step = 'move' AND e.status IN ('done', 'aborted'))
    ORDER BY m.id`.execute(control.db);
  return rows.map((row) => ({
    moveId: row.move_id,
    epoch: Number(row.epoch),
    kind: row.detail.move,
    from: row.detail.from,
    to: row.detail.to,
    sourceFence: row.detail.sourceFence,
    flipped: row.flipped,
  }));
}

/**
 * Did the flip land? Locking the row waits for a flip whose COMMIT is still on its way, so the answer is final: nothing but
 * a COMMIT could still be under way, and that one holds this lock.
 * @returns undefined when the control database does not answer
 */
export async function flipLanded(
  control: Control,
  context: string,
  moveId: string,
  withinMs: number,
): Promise<boolean | undefined> {
  const end = performance.now() + withinMs;
  do {
    try {
      return await control.db.transaction().execute(async (trx) => {
        await sql`SET LOCAL lock_timeout = '2s'`.execute(trx);
        await sql`SELECT 1 FROM strangler_control.contexts WHERE context = ${context} FOR UPDATE`.execute(
          trx,
        );
        const { rows } =
          await sql`SELECT 1 FROM strangler_control.journal WHERE context = ${context} AND move_id = ${moveId}::uuid AND step = 'flip' AND status = 'done'`.execute(
            trx,
          );
        return rows.length > 0;
      });
    } catch {
      await new Promise((resolve) => {
        setTimeout(resolve, 200);
      });
    }
  } while (performance.now() < end);
  return undefined;
}
