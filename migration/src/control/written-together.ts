import type { Side } from '@strangler-toolkit/plan';
import type { Database } from './control-database.ts';
import { sql } from './sql.ts';

/** How many transactions wrote a mapped table, and which other table they wrote as well. */
export interface WrittenTogether {
  /** As people read it: `orders`, `shop.orders`. */
  readonly table: string;
  /** `null`: all transactions that wrote `table`. */
  readonly other: string | null;
  readonly transactions: number;
}

/** How long a side's log was watched, all watches together. */
export interface LogWatched {
  readonly side: Side;
  readonly seconds: number;
  /** ISO */
  readonly lastAt: string;
}

/** What watches of the log saw written in one transaction, added up. */
export class WrittenTogetherStore {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  async add(
    context: string,
    side: Side,
    { seconds, counts }: { readonly seconds: number; readonly counts: readonly WrittenTogether[] },
  ): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      await sql`
        INSERT INTO strangler_control.log_watches AS w (context, side, seconds, last_at)
        VALUES (${context}, ${side}, ${seconds}, clock_timestamp())
        ON CONFLICT (context, side) DO UPDATE
          SET seconds = w.seconds + excluded.seconds, last_at = excluded.last_at`.execute(trx);
      await sql`
        INSERT INTO strangler_control.written_together AS w
               (context, side, table_name, other_table, transactions)
        SELECT ${context}, ${side}, c ->> 'table', coalesce(c ->> 'other', ''), (c ->> 'transactions')::bigint
          FROM jsonb_array_elements(${JSON.stringify(counts)}::jsonb) AS c
        ON CONFLICT (context, side, table_name, other_table) DO UPDATE
          SET transactions = w.transactions + excluded.transactions`.execute(trx);
    });
  }

  /** The application writes differently now. */
  async forget(context: string, side: Side): Promise<void> {
    for (const table of ['written_together', 'log_watches'])
      await sql`DELETE FROM strangler_control.${sql.raw(table)}
        WHERE context = ${context} AND side = ${side}`.execute(this.#db);
  }

  async seen(context: string, side: Side): Promise<WrittenTogether[]> {
    const { rows } = await sql<WrittenTogether>`
      SELECT table_name AS "table", nullif(other_table, '') AS other, transactions::float8 AS transactions
        FROM strangler_control.written_together
       WHERE context = ${context} AND side = ${side}`.execute(this.#db);
    return rows;
  }

  /** `undefined`: never. */
  async watched(context: string, side: Side): Promise<LogWatched | undefined> {
    const { rows } = await sql<LogWatched>`
      SELECT side, seconds, to_char(last_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "lastAt"
        FROM strangler_control.log_watches
       WHERE context = ${context} AND side = ${side}`.execute(this.#db);
    return rows[0];
  }
}
