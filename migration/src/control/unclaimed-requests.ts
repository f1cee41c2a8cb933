import type { Database } from './control-database.ts';
import { sql } from './sql.ts';

/** Requests of one method and path that no context claims. */
export interface UnclaimedRequests {
  readonly method: string;
  /** Without identifiers. */
  readonly path: string;
  readonly requests: number;
  /** When a facade told of the newest, ISO. */
  readonly lastAt: string;
}

/** What facades told of requests that passed to the monolith because nobody claims them. */
export class UnclaimedRequestStore {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /** Of the last week, the most asked first. */
  async list(): Promise<UnclaimedRequests[]> {
    const { rows } = await sql<UnclaimedRequests>`
      SELECT method, path, sum(requests)::float8 AS requests,
             to_char(max(last_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "lastAt"
        FROM strangler_control.unclaimed_requests
       WHERE day > current_date - 7
       GROUP BY method, path
       ORDER BY 3 DESC, 2, 1`.execute(this.#db);
    return rows;
  }
}
