import type pg from 'pg';
import { codeOf } from '@strangler-toolkit/plan';
import { databaseFailure } from '../database/failures.ts';
import { displayTable, quoteTable, type TableName } from '../database/identifiers.ts';

/** One for a database, whoever reads: its tables are the same for all. */
export const outboxPublication = 'strangler_outbox';

const needed = `
SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = $1) AS made,
       EXISTS (SELECT FROM pg_publication_tables WHERE pubname = $1 AND schemaname = $2 AND tablename = $3) AS holds`;

/** Publishes inserts only: that old events are removed is nobody's news. Runs again without harm. */
export async function ensureOutboxPublication(
  client: pg.Client,
  ...tables: readonly TableName[]
): Promise<void> {
  for (const table of tables) await publish(client, table);
}

async function publish(client: pg.Client, table: TableName): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { rows } = await client.query<{ made: string; holds: string }>(needed, [
        outboxPublication,
        table.schema,
        table.table,
      ]);
      if (rows[0]?.made !== 't')
        await client.query(
          `CREATE PUBLICATION ${outboxPublication} FOR TABLE ${quoteTable(table)} WITH (publish = 'insert')`,
        );
      else if (rows[0].holds !== 't')
        await client.query(`ALTER PUBLICATION ${outboxPublication} ADD TABLE ${quoteTable(table)}`);
      return;
    } catch (error) {
      // Another process made it between our look and our try.
      if (attempt < 5 && ['42710', '23505'].includes(codeOf(error))) continue;
      throw databaseFailure(
        error,
        `Cannot publish ${displayTable(table)} of database ${client.database ?? ''} (needs to ` +
          `own the table and GRANT CREATE ON DATABASE … TO ${client.user ?? 'the role'})`,
      );
    }
  }
}
