import { INSTANCE_GONE_SECONDS } from '@strangler-toolkit/plan';
import type { Database } from './control-database.ts';
import { sql } from './sql.ts';

export interface InstanceRow {
  readonly instanceId: string;
  readonly name: string;
  readonly startedAt: string;
  readonly startedAgeSeconds: number;
  readonly heartbeatAgeSeconds: number;
  readonly alive: boolean;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What one facade knows and does about a context. */
export interface InstanceContextRow extends InstanceRow {
  readonly context: string;
  /** Null when the instance has not reported on this context. */
  readonly epoch: number | null;
  readonly holdId: string | null;
  readonly drained: boolean;
}

const instance = sql.raw(`i.instance_id AS "instanceId", i.name, i.started_at AS "startedAt",
  extract(epoch FROM clock_timestamp() - i.started_at)::float8 AS "startedAgeSeconds",
  extract(epoch FROM clock_timestamp() - i.heartbeat_at)::float8 AS "heartbeatAgeSeconds",
  i.heartbeat_at > clock_timestamp() - ${INSTANCE_GONE_SECONDS} * interval '1 second' AS alive, i.detail`);

export class InstanceStore {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  async list(): Promise<InstanceRow[]> {
    const { rows } =
      await sql<InstanceRow>`SELECT ${instance} FROM strangler_control.instances i ORDER BY i.name, i.started_at`.execute(
        this.#db,
      );
    return rows;
  }

  /** Every instance with what it reported about this context. */
  async forContext(context: string): Promise<InstanceContextRow[]> {
    const { rows } = await sql<Omit<InstanceContextRow, 'epoch'> & { epoch: string | null }>`
      SELECT ${instance}, ${context} AS context, c.epoch::text AS epoch, c.hold_id AS "holdId", COALESCE(c.drained, false) AS drained
      FROM strangler_control.instances i LEFT
        JOIN strangler_control.instance_contexts c ON c.instance_id = i.instance_id AND c.context = ${context}
      ORDER BY i.name, i.started_at`.execute(this.#db);
    return rows.map((row) => ({ ...row, epoch: row.epoch === null ? null : Number(row.epoch) }));
  }
}
