import type { Database } from './control-database.ts';
import { sql } from './sql.ts';

/** Requests of one method and path that a facade sent to the monolith, close together: writes, and reads while an audit fence stood. */
export interface WriteWindows {
  readonly method: string;
  /** Without identifiers. */
  readonly path: string;
  /** Whose route it is; '' where no context claims it. */
  readonly context: string;
  /** Its name in the context's file; '' where no context claims it. */
  readonly route: string;
  /** On the control database's clock, milliseconds. */
  readonly started: number;
  readonly ended: number;
  readonly requests: number;
  /** Last halves of their trace ids. */
  readonly traces: readonly string[];
}

/** When facades sent to the monolith what may write. */
export class WriteWindowStore {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /** The clock that the windows go by, milliseconds. */
  async now(): Promise<number> {
    const { rows } = await sql<{ now: number }>`
      SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now`.execute(this.#db);
    return rows[0]?.now ?? Number.NaN;
  }

  async list(): Promise<WriteWindows[]> {
    const { rows } = await sql<WriteWindows>`
      SELECT method, path, context, route, requests::float8 AS requests, traces,
             extract(epoch FROM started_at)::float8 * 1000 AS started,
             extract(epoch FROM ended_at)::float8 * 1000 AS ended
        FROM strangler_control.write_windows ORDER BY started_at`.execute(this.#db);
    return rows;
  }
}
