import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { quoteIdentifier, quoteTable } from '../../../database/identifiers.ts';
import type { SourceTable } from '../../transport.ts';
import { type DecoderColumn, resolveColumnTypes } from './column-type.ts';
import { lateTime, withoutZone } from './times.ts';
import { type UnsupportedColumn, unsupportedColumns } from './unsupported.ts';

const query = `
SELECT json_build_object(
  'full', (SELECT bool_and(p.relreplident = 'f') FROM pg_class p WHERE p.oid IN (SELECT relid
    FROM pg_partition_tree(c.oid) WHERE isleaf UNION SELECT c.oid WHERE c.relkind = 'r')),
  'checks', (SELECT coalesce(json_agg(pg_get_constraintdef(k.oid)), '[]') FROM pg_constraint k
    WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.convalidated),
  'primaryKey', (SELECT coalesce(json_agg(k.attname), '[]') FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY u(attnum, n),
    pg_attribute k WHERE i.indrelid = c.oid AND i.indisprimary AND k.attrelid = c.oid AND k.attnum = u.attnum AND u.n <= i.indnkeyatts),
  'serverVersion', current_setting('server_version_num')::int,
  'columns', (SELECT coalesce(json_agg(json_build_object(
      'name', a.attname, 'oid', a.atttypid::bigint, 'modifier', a.atttypmod) ORDER BY a.attnum), '[]')
    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
)::text AS facts
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`;

interface Facts {
  readonly full: boolean | null;
  readonly checks: readonly string[];
  readonly primaryKey: readonly string[];
  readonly serverVersion: number;
  readonly columns: readonly {
    readonly name: string;
    readonly oid: number;
    readonly modifier: number;
  }[];
}

/** `columns`: those that are read; all of them when it is left out. `key`: those that identify a row, where it is not the primary key. */
export interface ReadTable {
  readonly schema: string;
  readonly table: string;
  readonly columns?: readonly string[];
  readonly key?: readonly string[];
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
  for (const { schema, table, columns, key } of tables) {
    const { rows } = await client.query<{ facts: string }>(query, [schema, table]);
    if (rows[0] === undefined) continue;
    const facts = JSON.parse(rows[0].facts) as Facts;
    const read = await resolveColumnTypes(
      client,
      facts.columns.filter(({ name }) => columns?.includes(name) ?? true),
    );
    const identifying = key ?? facts.primaryKey;
    for (const column of [
      ...unsupportedColumns(read, {
        full: facts.full === true,
        checks: facts.checks,
        serverVersion: facts.serverVersion,
        key: identifying,
      }),
      ...(await lateKeys(
        client,
        { schema, table },
        read.filter(({ name }) => identifying.includes(name)),
      )),
    ])
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

/** A row with such a key is copied as it is, and no change of it is known again: they all come with infinity. */
async function lateKeys(
  client: Pick<pg.Client, 'query'>,
  table: SourceTable,
  key: readonly DecoderColumn[],
): Promise<readonly UnsupportedColumn[]> {
  const times = key.filter(({ type }) => withoutZone(type));
  const found: UnsupportedColumn[] = [];
  for (const { name, type } of times) {
    const column = quoteIdentifier(name);
    const { rows } = await client.query(
      `SELECT FROM ${quoteTable(table)} WHERE ${column} >= '${lateTime}' AND isfinite(${column}) LIMIT 1`,
    );
    if (rows.length > 0)
      found.push({
        name,
        type,
        reason: `identifies rows, and some have times from ${lateTime} on, which come as infinity; give them an earlier time or infinity`,
      });
  }
  return found;
}
