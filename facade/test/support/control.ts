import pg from 'pg';
import { openControl } from '../../../migration/src/control/index.ts';
import { createControlDatabase } from '../../../migration/test/support/control-database.ts';

export interface TestControl {
  readonly url: string;
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  setContext(state: {
    stage: string;
    owner: string;
    epoch: number;
    dataKind?: string;
  }): Promise<void>;
  hold(milliseconds: number): Promise<string>;
  /** The other side has applied everything up to now. */
  caughtUp(direction?: 'forward' | 'reverse', epoch?: number): Promise<void>;
  /** Mirrored reads by outcome. */
  shadowOutcomes(): Promise<Readonly<Record<string, number>>>;
  /** Whether anybody gets in; who is in is thrown out. For a database that this made. */
  allowConnections(allowed: boolean): Promise<void>;
  close(): Promise<void>;
}

/** A real control database with the context `items`. */
export async function startControl(url?: string): Promise<TestControl> {
  const database = url ? undefined : await createControlDatabase('facade_control');
  const address = url ?? database?.url ?? '';
  if (url) await (await openControl(url)).close();
  const pool = new pg.Pool({ connectionString: address, max: 2 });
  pool.on('error', () => {});
  const query = async (text: string, values: unknown[] = []) =>
    (await pool.query(text, values)).rows;
  return {
    url: address,
    query,
    async setContext({ stage, owner, epoch, dataKind = 'replicated' }) {
      await query(
        `INSERT INTO strangler_control.contexts (context, data_kind, stage, owner, epoch) VALUES ('items', $1, $2, $3, $4)
         ON CONFLICT (context) DO UPDATE SET data_kind = $1, stage = $2, owner = $3, epoch = $4, hold_id = NULL, hold_until = NULL`,
        [dataKind, stage, owner, epoch],
      );
    },
    async hold(milliseconds) {
      const rows = await query(
        `UPDATE strangler_control.contexts
            SET hold_id = gen_random_uuid(), hold_until = clock_timestamp() + $1 * interval '1 millisecond'
         RETURNING hold_id`,
        [milliseconds],
      );
      return String(rows[0]?.hold_id);
    },
    async caughtUp(direction = 'forward', epoch = 1) {
      await query(
        `INSERT INTO strangler_control.watermarks (context, direction, epoch, state, applied_at, worker_id)
         VALUES ('items', $1, $2, 'caught-up', clock_timestamp(), gen_random_uuid())
         ON CONFLICT (context, direction) DO UPDATE SET epoch = $2, applied_at = clock_timestamp()`,
        [direction, epoch],
      );
    },
    async shadowOutcomes() {
      const rows = await query(
        'SELECT outcome, sum(count)::int AS n FROM strangler_control.shadow_counts GROUP BY 1',
      );
      return Object.fromEntries(rows.map((row) => [String(row.outcome), Number(row.n)]));
    },
    async allowConnections(allowed) {
      const client = new pg.Client({ connectionString: process.env.TEST_PG_URL });
      await client.connect();
      try {
        const name = database?.name ?? '';
        await client.query(`ALTER DATABASE "${name}" WITH ALLOW_CONNECTIONS ${allowed}`);
        if (!allowed)
          await client.query(
            'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
            [name],
          );
      } finally {
        await client.end();
      }
    },
    async close() {
      await pool.end();
      await database?.drop();
    },
  };
}
