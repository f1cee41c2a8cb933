import type { TrafficSeen } from '@strangler-toolkit/plan';
import type { Database } from './control-database.ts';
import { sql } from './sql.ts';

const marks = 4_096;

/** What facades told of who asks. */
export class IdentitiesSeenStore {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /** Over the last `hours`, the current one included. */
  async of(context: string, hours: number): Promise<TrafficSeen> {
    const { rows } = await sql<{
      requests: string;
      anonymous: string;
      marked: string;
      shares: string;
    }>`
      SELECT coalesce(sum(requests), 0)::text AS requests, coalesce(sum(anonymous), 0)::text AS anonymous,
             length(replace(coalesce(bit_or(seen)::text, ''), '0', ''))::text AS marked, coalesce(bit_or(shares)::text, '') AS shares
        FROM strangler_control.identities_seen
       WHERE context = ${context} AND hour > clock_timestamp() - ${hours} * interval '1 hour'`.execute(
      this.#db,
    );
    const row = rows[0];
    const marked = Number(row?.marked ?? 0);
    return {
      requests: Number(row?.requests ?? 0),
      anonymous: Number(row?.anonymous ?? 0),
      // how many there must be for so many marks, if hashes are spread evenly
      identities: Math.round(marks * Math.log(marks / (marks - Math.min(marked, marks - 1)))),
      shares: Array.from(row?.shares ?? '').flatMap((bit, index) =>
        bit === '1' ? [index + 1] : [],
      ),
    };
  }
}
