import { StranglerError } from '@strangler-toolkit/plan';
import type { Database } from './control-database.ts';
import type { Lease } from './leases.ts';
import { sql } from './sql.ts';

/** The lease that a statement proves in its own transaction. */
type Held = Pick<Lease, 'context' | 'token'>;

export interface NumberedEntry {
  readonly moveId: string;
  readonly actor: string;
  readonly step: 'move' | 'recover' | 'retire' | 'abandon';
  readonly epoch: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A move as the journal holds it. */
export interface UnfinishedMove {
  readonly moveId: string;
  readonly epoch: number;
  /** What the move wrote down before it touched anything. */
  readonly detail: Readonly<Record<string, unknown>>;
  /** The journal holds the flip of this move: it may only go forward. */
  readonly flipped: boolean;
}

const leaseRow = ({ context, token }: Held) => sql`
  SELECT context FROM strangler_control.leases
   WHERE context = ${context} AND token = ${token} AND expires_at > clock_timestamp() FOR UPDATE`;

/** What moves of an owner ask of the control database, over more than one of its tables at once. */
export class MoveStore {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Journals the beginning and takes the number for the move guard in one statement that also holds the lease row: a process
   * that lost its lease cannot get a number above its successor's.
   * @throws StranglerError LEASE_LOST
   */
  async begin(lease: Held, entry: NumberedEntry): Promise<{ number: string; control: string }> {
    const { rows } = await sql<{ id: string; control: string }>`
      WITH held AS MATERIALIZED (${leaseRow(lease)}), entry AS (
        INSERT INTO strangler_control.journal (context, actor, move_id, step, status, epoch, detail)
        SELECT ${lease.context}, ${entry.actor}, ${entry.moveId}::uuid, ${entry.step}, 'started',
               ${entry.epoch}::bigint, ${JSON.stringify(entry.detail)}::jsonb
          FROM held
        RETURNING id
      )
      SELECT entry.id::text AS id,
             (SELECT system_identifier FROM pg_control_system()) || ':' ||
             (SELECT oid FROM pg_database WHERE datname = current_database()) AS control
        FROM entry`.execute(this.#db);
    const row = rows[0];
    if (!row)
      throw new StranglerError(
        'LEASE_LOST',
        `the lease on ${lease.context} ran out before the move began`,
      );
    return { number: row.id, control: row.control };
  }

  /** Moves that began and neither finished nor were undone, oldest first. At most one, unless somebody wrote by hand. */
  async unfinished(context: string): Promise<UnfinishedMove[]> {
    const { rows } = await sql<{
      move_id: string;
      epoch: string;
      detail: Record<string, unknown>;
      flipped: boolean;
    }>`
      SELECT m.move_id, m.epoch::text AS epoch, m.detail,
             EXISTS (SELECT FROM strangler_control.journal f
                      WHERE f.context = m.context AND f.move_id = m.move_id
                        AND f.step = 'flip' AND f.status = 'done') AS flipped
        FROM strangler_control.journal m
       WHERE m.context = ${context} AND m.step = 'move' AND m.status = 'started'
         AND NOT EXISTS (SELECT FROM strangler_control.journal e
                          WHERE e.context = m.context AND e.move_id = m.move_id
                            AND e.step = 'move' AND e.status IN ('done', 'aborted'))
       ORDER BY m.id`.execute(this.#db);
    return rows.map((row) => ({
      moveId: row.move_id,
      epoch: Number(row.epoch),
      detail: row.detail,
      flipped: row.flipped,
    }));
  }

  /**
   * Did the flip land? Locking the row waits for a flip whose COMMIT is still on its way, so the answer is final: nothing but
   * a COMMIT could still be under way, and that one holds this lock.
   */
  async flipLanded(context: string, moveId: string): Promise<boolean> {
    return this.#db.transaction().execute(async (trx) => {
      await sql`SET LOCAL lock_timeout = '2s'`.execute(trx);
      await sql`SELECT 1 FROM strangler_control.contexts WHERE context = ${context} FOR UPDATE`.execute(
        trx,
      );
      const { rows } = await sql`
        SELECT 1 FROM strangler_control.journal
         WHERE context = ${context} AND move_id = ${moveId}::uuid AND step = 'flip' AND status = 'done'`.execute(
        trx,
      );
      return rows.length > 0;
    });
  }

  /**
   * Only with the lease, proven in the transaction that sets it: a process that slept since its last check would make every
   * facade hold for a move that nobody makes any more. Whoever takes the lease later finds this hold, and lifts it.
   * @throws StranglerError LEASE_LOST
   */
  async holdWrites(lease: Held, moveId: string, milliseconds: number): Promise<void> {
    const { rows } = await sql`
      WITH held AS MATERIALIZED (${leaseRow(lease)})
      UPDATE strangler_control.contexts c
         SET hold_id = ${moveId}, updated_at = clock_timestamp(),
             hold_until = clock_timestamp() + ${milliseconds} * interval '1 millisecond'
        FROM held WHERE c.context = held.context
      RETURNING c.context`.execute(this.#db);
    if (rows.length === 0)
      throw new StranglerError(
        'LEASE_LOST',
        `the lease on ${lease.context} ran out before writes were held`,
      );
  }
}
