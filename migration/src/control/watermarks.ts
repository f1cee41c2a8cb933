import { type Direction, WORKER_DEAD_SECONDS } from '@strangler-toolkit/plan';
import type { Database } from './control-database.ts';
import { sql } from './sql.ts';

export type WorkerState = 'copying' | 'streaming' | 'caught-up' | 'stopped' | 'failed';

export interface Watermark {
  readonly context: string;
  readonly direction: Direction;
  readonly epoch: number;
  readonly state: WorkerState;
  readonly appliedLsn: string | null;
  readonly appliedAt: string | null;
  /** Seconds since applied_at: the lag, by the control database's clock. */
  readonly lagSeconds: number | null;
  readonly sourceLsn: string | null;
  readonly lagBytes: number | null;
  readonly rowsApplied: number;
  readonly workerId: string;
  readonly heartbeatAgeSeconds: number;
  readonly workerAlive: boolean;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface WatermarkUpdate {
  readonly context: string;
  readonly direction: Direction;
  readonly epoch: number;
  readonly state: WorkerState;
  readonly appliedLsn?: string | null;
  /** Control clock, as text. */
  readonly appliedAt?: string | null;
  readonly sourceLsn?: string | null;
  readonly lagBytes?: number | bigint | null;
  readonly rowsApplied?: number | bigint;
  readonly workerId: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

type Raw = Omit<Watermark, 'epoch' | 'lagBytes' | 'rowsApplied'> & {
  epoch: string;
  lagBytes: string | null;
  rowsApplied: string;
};

export class WatermarkStore {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  async get(context: string, direction: Direction): Promise<Watermark | undefined> {
    const { rows } = await sql<Raw>`
      SELECT context, direction, epoch::text AS epoch, state, applied_lsn::text AS "appliedLsn", applied_at AS "appliedAt",
        extract(epoch FROM clock_timestamp() - applied_at)::float8 AS "lagSeconds",
          source_lsn::text AS "sourceLsn", lag_bytes::text AS "lagBytes",
        rows_applied::text AS "rowsApplied", worker_id AS "workerId", extract(epoch
          FROM clock_timestamp() - heartbeat_at)::float8 AS "heartbeatAgeSeconds",
        (state NOT IN ('stopped', 'failed')
          AND heartbeat_at > clock_timestamp() - ${WORKER_DEAD_SECONDS} * interval '1 second') AS "workerAlive",
          detail
      FROM strangler_control.watermarks WHERE context = ${context} AND direction = ${direction}`.execute(
      this.#db,
    );
    const row = rows[0];
    return (
      row && {
        ...row,
        epoch: Number(row.epoch),
        lagBytes: row.lagBytes === null ? null : Number(row.lagBytes),
        rowsApplied: Number(row.rowsApplied),
      }
    );
  }

  /** Fields that are left out keep their value; `rowsApplied` is a total. An older epoch never overwrites a newer one. */
  async upsert(update: WatermarkUpdate): Promise<void> {
    const lagBytes = update.lagBytes == null ? null : String(update.lagBytes);
    await sql`INSERT INTO strangler_control.watermarks AS w (context,
      direction, epoch, state, applied_lsn, applied_at, source_lsn,
      lag_bytes, rows_applied, worker_id, detail, heartbeat_at)
      VALUES (${update.context}, ${update.direction}, ${update.epoch},
        ${update.state}, ${update.appliedLsn ?? null}::pg_lsn, ${update.appliedAt ?? null}::timestamptz,
        ${update.sourceLsn ?? null}::pg_lsn, ${lagBytes}::bigint,
        ${String(update.rowsApplied ?? 0)}::bigint, ${update.workerId}, ${JSON.stringify(update.detail ?? {})}::jsonb, clock_timestamp())
      ON CONFLICT (context, direction) DO UPDATE SET state = EXCLUDED.state,
        worker_id = EXCLUDED.worker_id, heartbeat_at = EXCLUDED.heartbeat_at, epoch = EXCLUDED.epoch,
        applied_lsn = CASE WHEN w.epoch = EXCLUDED.epoch THEN COALESCE(EXCLUDED.applied_lsn, w.applied_lsn) ELSE EXCLUDED.applied_lsn END,
        applied_at = CASE WHEN w.epoch = EXCLUDED.epoch THEN COALESCE(EXCLUDED.applied_at, w.applied_at) ELSE EXCLUDED.applied_at END,
        source_lsn = COALESCE(EXCLUDED.source_lsn, w.source_lsn), lag_bytes = COALESCE(EXCLUDED.lag_bytes, w.lag_bytes),
        rows_applied = CASE WHEN ${update.rowsApplied === undefined} THEN w.rows_applied ELSE EXCLUDED.rows_applied END,
        -- a failure says nothing of dead letters, and reads are kept at the owner while there are some
        detail = CASE WHEN ${update.detail === undefined} THEN w.detail
          WHEN w.epoch = EXCLUDED.epoch
            THEN jsonb_strip_nulls(jsonb_build_object('deadLetters', w.detail -> 'deadLetters')) || EXCLUDED.detail
          ELSE EXCLUDED.detail END
      WHERE w.epoch <= EXCLUDED.epoch`.execute(this.#db);
  }

  /** What was said to a copy, whether or not a worker hears it now. */
  async notePaused(context: string, paused: boolean): Promise<void> {
    const detail = paused ? sql`detail || '{"paused": true}'` : sql`detail - 'paused'`;
    await sql`UPDATE strangler_control.watermarks SET detail = ${detail}
      WHERE context = ${context} AND direction = 'forward'`.execute(this.#db);
  }

  /** Forgets a direction's watermark: its replication was dropped. */
  async remove(context: string, direction: Direction): Promise<void> {
    await sql`DELETE FROM strangler_control.watermarks WHERE context = ${context} AND direction = ${direction}`.execute(
      this.#db,
    );
  }
}
