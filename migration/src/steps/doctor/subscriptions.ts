import { bothSides } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { contextTables } from '../../cutover/index.ts';
import type { TableName } from '../../database/identifiers.ts';
import type { ContextCheck } from './context-check.ts';

/** The tables, and those below them, that subscriptions of PostgreSQL's own replication write to. */
async function subscribed(client: pg.Client, tables: readonly TableName[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `WITH RECURSIVE tree AS (
       SELECT c.oid FROM unnest($1::text[], $2::text[]) AS wanted (s, t)
         JOIN pg_namespace n ON n.nspname = s JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t
       UNION SELECT inhrelid FROM tree JOIN pg_inherits ON inhparent = tree.oid
     )
     SELECT DISTINCT format('%I.%I', n.nspname, c.relname) AS name
       FROM tree JOIN pg_subscription_rel ON srrelid = tree.oid
       JOIN pg_class c ON c.oid = srrelid JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY 1`,
    [tables.map(({ schema }) => schema), tables.map(({ table }) => table)],
  );
  return rows.map(({ name }) => name);
}

/** What a subscription writes row by row fires no trigger of a statement, and carries an origin: neither fence nor stream sees it. */
export const subscriptions: ContextCheck = {
  needs: ['replicated data', 'monolith database', 'service database'],
  attempt: { check: 'subscriptions', expected: 'can be examined' },
  async run({ kit, definition, report }) {
    for (const side of bothSides) {
      const names = await kit.withDatabase(definition, side, (client) =>
        subscribed(client, contextTables(definition)[side]),
      );
      if (names.length === 0) continue;
      report({
        check: `${side} subscriptions`,
        ok: false,
        expected: 'no subscription of PostgreSQL writes to mapped tables',
        actual: names.join(', '),
        remedy:
          'What it writes passes the fence unseen, and is not sent to the other side. DROP SUBSCRIPTION, or take the tables out of ' +
          'its publication and ALTER SUBSCRIPTION … REFRESH PUBLICATION.',
      });
    }
  },
};
