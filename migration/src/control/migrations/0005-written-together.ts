import { type Kysely, sql } from 'kysely';

/** Tables that one transaction writes together across the border of a context, as the log of a side told. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `
SET LOCAL search_path = strangler_control;

CREATE TABLE log_watches (
  context  text NOT NULL,
  side     text NOT NULL CHECK (side IN ('monolith', 'service')),
  seconds  double precision NOT NULL,
  last_at  timestamptz NOT NULL,
  PRIMARY KEY (context, side)
);

-- other_table '': all transactions that wrote table_name
CREATE TABLE written_together (
  context       text NOT NULL,
  side          text NOT NULL CHECK (side IN ('monolith', 'service')),
  table_name    text NOT NULL,
  other_table   text NOT NULL,
  transactions  bigint NOT NULL,
  PRIMARY KEY (context, side, table_name, other_table)
);
`,
    )
    .execute(db);
}
