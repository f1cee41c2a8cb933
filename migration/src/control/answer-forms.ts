import type { Database } from './control-database.ts';
import { sql } from './sql.ts';

/** What answers of a route look like that were compared: no value of theirs. */
export interface AnswerFormRow {
  readonly route: string;
  /** How many of those that were looked at. */
  readonly answers: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What facades told of answers that a service gave as the monolith did. */
export class AnswerFormStore {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /** In an order that does not depend on when they were told. */
  async list(context: string): Promise<AnswerFormRow[]> {
    const { rows } = await sql<AnswerFormRow>`
      SELECT route, answers::float8 AS answers, detail
        FROM strangler_control.answer_forms
       WHERE context = ${context}
       ORDER BY route, hash`.execute(this.#db);
    return rows;
  }
}
