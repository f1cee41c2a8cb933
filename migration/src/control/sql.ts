import type pg from 'pg';

/** Whom statements are sent to: the control database, or one transaction of it. */
export interface Querying {
  query(text: string, values: unknown[]): Promise<pg.QueryResult>;
}

/** A statement, or a part of one; values travel beside its text. */
export class Statement<Row> {
  readonly #texts: readonly string[];
  readonly #values: readonly unknown[];

  constructor(texts: readonly string[], values: readonly unknown[]) {
    this.#texts = texts;
    this.#values = values;
  }

  /** Its text, with a number for each value, which is added to `values`. */
  #write(values: unknown[]): string {
    const parts = this.#values.map((value) =>
      value instanceof Statement ? value.#write(values) : `$${values.push(value)}`,
    );
    return this.#texts.map((text, index) => text + (parts[index] ?? '')).join('');
  }

  async execute(on: Querying): Promise<{ readonly rows: Row[] }> {
    const values: unknown[] = [];
    const text = this.#write(values);
    const { rows } = await on.query(text, values);
    return { rows: rows as Row[] };
  }
}

/**
 * `sql`SELECT … ${value} … ${part}``: as kysely's of the same name, of which the control room needs nothing else. Every command
 * would load kysely's 260 files for it; only a change of the schema does.
 */
export const sql = <Row = unknown>(
  texts: TemplateStringsArray,
  ...values: unknown[]
): Statement<Row> => new Statement<Row>(texts, values);

/** Text as it stands. */
sql.raw = (text: string): Statement<unknown> => new Statement([text], []);
