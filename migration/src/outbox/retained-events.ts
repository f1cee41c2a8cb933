import type pg from 'pg';
import { quoteLiteral, quoteTable, type TableName } from '../database/identifiers.ts';
import type { Row } from '../stream/change-event.ts';

/** What the outbox holds in a snapshot, in the order in which it was written, in parts. `take` answers whether to go on. */
export async function readRetained(
  client: pg.Client,
  table: TableName,
  snapshot: string,
  take: (rows: readonly Row[]) => Promise<boolean>,
): Promise<boolean> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    await client.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot)}`);
    await client.query(
      `DECLARE retained NO SCROLL CURSOR FOR SELECT * FROM ${quoteTable(table)} ORDER BY created_at, id`,
    );
    for (;;) {
      const { rows } = await client.query<Row>('FETCH 500 FROM retained');
      if (rows.length === 0) return true;
      if (!(await take(rows))) return false;
    }
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}
