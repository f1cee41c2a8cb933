import type pg from 'pg';
import { hasTable } from './schema.ts';

/** Rows that are added up at once: each is locked until it is done, and writers that find it locked begin another. */
const most = 5_000;

/** Rows of writers that have several, but for those that somebody holds, and what becomes of them. */
const doubled = `
WITH locked AS (
  SELECT w.id, w.writes, w.first_at, w.last_at,
         md5(concat_ws(chr(31), w.epoch, w.table_name, w.operation, w.application_name, w.db_user, w.query)) AS writer
    FROM strangler.stray_writes w
   WHERE w.context = $1 AND EXISTS (
     SELECT FROM strangler.stray_writes o
      WHERE o.context = w.context AND md5(o.query) = md5(w.query) AND o.query = w.query AND o.table_name = w.table_name
        AND o.operation = w.operation AND o.application_name = w.application_name AND o.db_user = w.db_user
        AND o.epoch IS NOT DISTINCT FROM w.epoch AND o.id <> w.id)
   LIMIT ${most} FOR UPDATE OF w SKIP LOCKED
)
SELECT id::text AS id, (min(id) OVER same)::text AS kept, (sum(writes) OVER same)::text AS writes,
       (min(first_at) OVER same)::text AS "firstAt", (max(last_at) OVER same)::text AS "lastAt"
  FROM locked WINDOW same AS (PARTITION BY writer)`;

interface Doubled {
  readonly id: string;
  readonly kept: string;
  readonly writes: string;
  readonly firstAt: string;
  readonly lastAt: string;
}

const given = `unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[])
  AS t (id, kept, writes, first_at, last_at)`;
const addedUp = [
  // the newest five hundred, in slots of which the next write takes the oldest; apart from those that are there meanwhile
  `WITH placed AS (
     SELECT m.writer, m.slot, t.kept, t.writes, row_number() OVER (PARTITION BY t.kept ORDER BY m.at DESC) AS age
       FROM strangler.stray_moments m JOIN ${given} ON t.id = m.writer
   ), old AS (
     DELETE FROM strangler.stray_moments m USING placed p
      WHERE m.writer = p.writer AND m.slot = p.slot AND p.age > 500
   )
   UPDATE strangler.stray_moments m SET writer = -p.kept, slot = (p.writes - p.age + 501) % 500
     FROM placed p WHERE m.writer = p.writer AND m.slot = p.slot AND p.age <= 500`,
  `UPDATE strangler.stray_moments m SET writer = -m.writer FROM ${given} WHERE m.writer = -t.kept AND t.id = t.kept`,
  `UPDATE strangler.stray_writes w SET writes = t.writes, first_at = t.first_at, last_at = t.last_at
     FROM ${given} WHERE w.id = t.id AND t.id = t.kept`,
  `DELETE FROM strangler.stray_writes w USING ${given} WHERE w.id = t.id AND t.id <> t.kept`,
];

/**
 * Adds up the rows that one writer has in the log of an audit fence: transactions that see no rows of others begin one each. Waits
 * for nobody, and nobody waits for it. Returns how many rows are fewer.
 */
export async function tidyStrays(client: pg.ClientBase, context: string): Promise<number> {
  if (!(await hasTable(client, 'stray_moments'))) return 0;
  await client.query('BEGIN');
  try {
    const { rows } = await client.query<Doubled>(doubled, [context]);
    const parameters = (['id', 'kept', 'writes', 'firstAt', 'lastAt'] as const).map((name) =>
      rows.map((row) => row[name]),
    );
    let fewer = 0;
    if (rows.length > 0)
      for (const statement of addedUp)
        fewer = (await client.query(statement, parameters)).rowCount ?? 0;
    await client.query('COMMIT');
    return fewer;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
