import type { MigrationDefinition, Side } from '@strangler-toolkit/plan';
import type pg from 'pg';
import {
  parseTableName,
  quoteIdentifier,
  type TableName,
  writtenTable,
} from '../database/identifiers.ts';
import { namedTables } from '../mapping/load.ts';
import type { Surrounding } from './surrounding.ts';
import { quoted } from './written-together.ts';

/** A subscription of PostgreSQL's own replication, and what it writes of a mapped table. */
export interface TableSubscription {
  readonly side: Side;
  /** As a context file names the mapped table. */
  readonly table: string;
  /** What it is subscribed to: the table, one below it, or one that it is a partition of. */
  readonly relation: string;
  readonly name: string;
  readonly enabled: boolean;
}

/**
 * `pg_stat_subscription` has the name by number for everybody: the number in `pg_subscription` itself is not for every role to
 * read before version 14. Tables are listed by database, subscriptions are not.
 */
const query = `
WITH RECURSIVE wanted AS (
  SELECT n, c.oid FROM unnest($1::text[], $2::text[]) WITH ORDINALITY w(s, t, n)
    JOIN pg_namespace ns ON ns.nspname = w.s JOIN pg_class c ON c.relnamespace = ns.oid AND c.relname = w.t
), below AS (
  SELECT n, oid FROM wanted
  UNION SELECT n, inhrelid FROM below JOIN pg_inherits ON inhparent = below.oid
), reached AS (
  SELECT n, oid FROM below UNION SELECT n, relid FROM wanted, pg_partition_ancestors(wanted.oid)
)
SELECT DISTINCT reached.n::int AS n, format('%I.%I', ns.nspname, c.relname) AS relation, s.subname AS name,
       s.subenabled::int AS enabled
FROM reached JOIN pg_subscription_rel r ON r.srrelid = reached.oid
JOIN pg_stat_subscription st ON st.subid = r.srsubid
JOIN pg_subscription s ON s.subname = st.subname
 AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
JOIN pg_class c ON c.oid = r.srrelid JOIN pg_namespace ns ON ns.oid = c.relnamespace ORDER BY 1, 2, 3`;

const mappedTables = (definition: MigrationDefinition, side: Side): TableName[] => [
  ...new Map(
    namedTables(definition)
      [side].map(({ name }) => parseTableName(name))
      .map((table) => [writtenTable(table), table]),
  ).values(),
];

export async function readSubscriptions(
  client: pg.Client,
  side: Side,
  definition: MigrationDefinition,
): Promise<TableSubscription[]> {
  const tables = mappedTables(definition, side);
  const { rows } = await client.query<{
    n: number;
    relation: string;
    name: string;
    enabled: number;
  }>(query, [tables.map(({ schema }) => schema), tables.map(({ table }) => table)]);
  return rows.flatMap(({ n, relation, name, enabled }) => {
    const table = tables[n - 1];
    if (table === undefined) return [];
    return [{ side, table: writtenTable(table), relation, name, enabled: Number(enabled) === 1 }];
  });
}

/** Why, by mapped table, as the context file says. */
export const acceptedSubscriptions = (
  definition: MigrationDefinition,
  side: Side,
): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(definition.subscriptions?.[side] ?? {}).map(([name, { reason }]) => [
      writtenTable(parseTableName(name)),
      reason,
    ]),
  );

const remedyOf = (names: readonly string[]): string =>
  `${names.map((name) => `DROP SUBSCRIPTION ${quoteIdentifier(name)}`).join(', ')}, or take the table out of its ` +
  'publication and ALTER SUBSCRIPTION … REFRESH PUBLICATION';

/** One question for each table that an enabled subscription writes; one that is disabled writes nothing. */
export function subscriptionSurroundings(
  subscriptions: readonly TableSubscription[],
  definition: MigrationDefinition,
  side: Side,
): Surrounding[] {
  const kind = 'subscription' as const;
  const line = (table: string): string =>
    `contexts/${definition.context}: subscriptions.${side}[${quoted(table)}]`;
  const accepted = acceptedSubscriptions(definition, side);
  const writing = subscriptions.filter((one) => one.side === side && one.enabled);
  const found = [...new Set(writing.map(({ table }) => table))].map((table): Surrounding => {
    const about = `subscription to ${table} of the ${side}`;
    const ours = writing.filter((one) => one.table === table);
    const names = [...new Set(ours.map(({ name }) => name))];
    const told = ours.map(({ name, relation }) => `${name} writes ${relation}`).join(', ');
    const reason = accepted.get(table);
    if (reason !== undefined) return { kind, about, decision: `${reason} (${told})` };
    return {
      kind,
      about,
      decision: null,
      problem:
        `${told}: row by row it passes the fence where the ${side} does not own, ` +
        'and where it owns what it writes is not sent to the other side',
      remedy: `${remedyOf(names)}; or ${line(table)}: { reason: 'why what it writes does no harm' }`,
    };
  });
  const mapped = new Set(mappedTables(definition, side).map(writtenTable));
  const unknown = [...accepted.keys()]
    .filter((table) => !mapped.has(table))
    .map((table): Surrounding => ({
      kind,
      about: `subscription to ${table} of the ${side}`,
      decision: null,
      problem: `no such table of the ${side} is mapped`,
      remedy: `Mend or remove ${line(table)}`,
    }));
  return [...found, ...unknown];
}
