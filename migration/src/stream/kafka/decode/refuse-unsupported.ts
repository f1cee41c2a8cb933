import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { resolveColumnTypes } from './column-type.ts';
import { unsupportedColumns } from './unsupported.ts';

const query = `
SELECT json_build_object(
  'full', (SELECT bool_and(p.relreplident = 'f') FROM pg_class p WHERE p.oid IN (SELECT relid
    FROM pg_partition_tree(c.oid) WHERE isleaf UNION SELECT c.oid WHERE c.relkind = 'r')),
  'checks', (SELECT coalesce(json_agg(pg_get_constraintdef(k.oid)), '[]') FROM pg_constraint k
    WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.convalidated),
  'serverVersion', current_setting('server_version_num')::int,
  'columns', (SELECT coalesce(json_agg(json_build_object(
      'name', a.attname, 'oid', a.atttypid::bigint, 'modifier', a.atttypmod) ORDER BY a.attnum), '[]')
    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
)::text AS facts
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`;

interface Facts {
  readonly full: boolean | null;
  readonly checks: readonly string[];
  readonly serverVersion: number;
  readonly columns: readonly {
    readonly name: string;
    readonly oid: number;
    readonly modifier: number;
  }[];
}

/** `columns`: those that are read; all of them when it is left out. */
export interface ReadTable {
  readonly schema: string;
  readonly table: string;
  readonly columns?: readonly string[];
}

/**
 * Before anything is replicated through Debezium. Names every column at once.
 * @throws StranglerError TYPE_UNSUPPORTED
 */
export async function refuseUnsupportedColumns(
  client: Pick<pg.Client, 'query'>,
  tables: readonly ReadTable[],
): Promise<void> {
  const found: {
    readonly table: string;
    readonly name: string;
    readonly type: string;
    readonly reason: string;
  }[] = [];
  for (const { schema, table, columns } of tables) {
    const { rows } = await client.query<{ facts: string }>(query, [schema, table]);
    if (rows[0] === undefined) continue;
    const facts = JSON.parse(rows[0].facts) as Facts;
    const read = await resolveColumnTypes(
      client,
      facts.columns.filter(({ name }) => columns?.includes(name) ?? true),
    );
    for (const column of unsupportedColumns(read, {
      full: facts.full === true,
      checks: facts.checks,
      serverVersion: facts.serverVersion,
    }))
      found.push({ table: `${schema}.${table}`, ...column });
  }
  if (found.length === 0) return;
  const list = found
    .map(({ table, name, type, reason }) => `${table}.${name} (${type}: ${reason})`)
    .join('; ');
  throw new StranglerError('TYPE_UNSUPPORTED', `Debezium cannot carry every value of ${list}`, {
    details: { columns: found },
  });
}
