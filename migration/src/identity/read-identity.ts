import { type Direction, sourceOf, targetOf } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { databaseFailure } from '../database/failures.ts';
import { quoteTable, type TableName } from '../database/identifiers.ts';
import { mayHaveChain, typeChain } from '../database/type-chain.ts';
import {
  columnsRead,
  type CompiledMapping,
  distinctTables,
  mappingsOf,
  tableName,
} from '../mapping/compiled-mapping.ts';
import { readOpenings } from '../replica/fence-marks.ts';
import { isWhole, readFenceTriggers } from '../replica/fences.ts';
import {
  type FenceIdentity,
  type Identity,
  mappingIdentity,
  type PublicationIdentity,
  type TableIdentity,
} from './identity.ts';
import { type CarrierPlace, readCarrier } from './read-carrier.ts';

/**
 * Both answers in one look at the catalog, which takes no lock on any table: no pg_get_expr, no pg_partition_tree. `xmin` of a
 * catalog row survives VACUUM FULL of the catalog and changes with every ALTER.
 */
const look = `
WITH RECURSIVE wanted AS (
  SELECT name, n, to_regclass(quoted)::oid AS oid FROM unnest($1::text[], $2::text[]) WITH ORDINALITY w(name, quoted, n)
), tree AS (
  SELECT oid AS root, oid, ''::text AS attached FROM wanted
  UNION ALL
  SELECT tree.root, i.inhrelid, i.xmin::text FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid
    JOIN pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'
)
SELECT json_build_object(
  'tables', coalesce((SELECT json_agg(json_build_object(
      'name', w.name, 'oid', coalesce(c.oid::text, ''), 'file', coalesce(c.relfilenode::text, ''),
      'replicaIdentity', coalesce(c.relreplident::text, ''),
      'columns', coalesce((SELECT json_agg(json_build_object(
          'name', a.attname, 'number', a.attnum, 'type', format_type(a.atttypid, a.atttypmod), 'version', a.xmin::text,
          'labels', CASE WHEN ${mayHaveChain('a.atttypid')} THEN (SELECT json_agg(e.oid || ':' || e.enumlabel ORDER BY e.oid)
            FROM ${typeChain('a.atttypid')} t JOIN pg_enum e ON e.enumtypid = t.oid) END)
          ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]'),
      'leaves', coalesce((SELECT json_agg(json_build_object(
          'name', n.nspname || '.' || l.relname, 'oid', l.oid::text, 'file', l.relfilenode::text,
          'attached', t.attached || ' ' || md5(l.relpartbound::text)) ORDER BY l.oid)
        FROM tree t JOIN pg_class l ON l.oid = t.oid JOIN pg_namespace n ON n.oid = l.relnamespace
        WHERE t.root = c.oid AND t.oid <> c.oid AND l.relkind <> 'p'), '[]')) ORDER BY w.n)
    FROM wanted w LEFT JOIN pg_class c ON c.oid = w.oid AND c.relkind IN ('r', 'p')), '[]'),
  'publication', (SELECT json_build_object(
      'name', p.pubname, 'oid', p.oid::text, 'version', p.xmin::text,
      'actions', concat_ws(', ', CASE WHEN pubinsert THEN 'insert' END, CASE WHEN pubupdate THEN 'update' END,
        CASE WHEN pubdelete THEN 'delete' END, CASE WHEN pubtruncate THEN 'truncate' END, CASE WHEN pubviaroot THEN 'via root' END),
      'tables', coalesce((SELECT json_agg(json_build_object(
          'name', w.name, 'membership', r.oid::text,
          'filter', md5(to_jsonb(r) ->> 'prqual'), 'columns', to_jsonb(r) ->> 'prattrs') ORDER BY w.n)
        FROM pg_publication_rel r JOIN wanted w ON w.oid = r.prrelid WHERE r.prpubid = p.oid), '[]'))
    FROM pg_publication p WHERE p.pubname = $3))::text AS found`;

interface Found {
  readonly tables: readonly TableIdentity[];
  readonly publication: PublicationIdentity | null;
}

async function lookAt(
  client: pg.Client,
  tables: readonly TableName[],
  publication: string | null,
): Promise<Found> {
  try {
    // by its name: a worker looks as long as it lives, and the server needs longer to plan this than to answer
    const { rows } = await client.query<{ found: string }>({
      name: 'strangler_look_at_tables',
      text: look,
      values: [tables.map(tableName), tables.map(quoteTable), publication],
    });
    return JSON.parse(rows[0]?.found ?? '{"tables":[],"publication":null}') as Found;
  } catch (error) {
    throw databaseFailure(error, 'Cannot read what the mapped tables are');
  }
}

async function lookAtFence(
  client: pg.Client,
  context: string,
  tables: readonly TableName[],
): Promise<FenceIdentity | undefined> {
  const openings = await readOpenings(client, context);
  if (openings === undefined) return undefined;
  const fenced = (await readFenceTriggers(client, context))
    .filter((triggers) => triggers.mode === 'refuse' && isWhole(triggers))
    .map(({ table }) => tableName(table));
  const { opened, noticed } = openings;
  return { opened, noticed, open: tables.map(tableName).filter((name) => !fenced.includes(name)) };
}

interface IdentityPlace {
  readonly monolith: pg.Client;
  readonly service: pg.Client;
  readonly mapping: CompiledMapping;
  readonly direction: Direction;
  /** Of that direction, on its source. */
  readonly publication: string;
  /** Who reads the slot for us, where it matters. */
  readonly carrier?: CarrierPlace | undefined;
}

/** What the rows of a context rest on at this moment: one query per side. @throws StranglerError DB_* */
export async function readIdentity({
  mapping,
  direction,
  publication,
  carrier: carried,
  ...clients
}: IdentityPlace): Promise<Identity> {
  const source = sourceOf(direction);
  const named = (side: 'monolith' | 'service'): string | null =>
    side === source ? publication : null;
  const tables = {
    monolith: distinctTables(mapping, 'monolith'),
    service: distinctTables(mapping, 'service'),
  };
  const [monolith, service] = await Promise.all([
    lookAt(clients.monolith, tables.monolith, named('monolith')),
    lookAt(clients.service, tables.service, named('service')),
  ]);
  const target = targetOf(direction);
  const carrier = carried && (await readCarrier(clients[source], carried));
  const fence = await lookAtFence(clients[target], mapping.context, tables[target]);
  const monolithColumns = (name: string): string[] =>
    mappingsOf(mapping, name).flatMap(columnsRead);
  const serviceColumns = (name: string): string[] =>
    mapping.tables
      .flatMap(({ parts }) => parts)
      .filter((part) => tableName(part.service) === name)
      .flatMap((part) => [
        ...part.columns.map(({ to }) => to),
        ...Object.keys(part.shared?.where ?? {}),
      ]);
  return {
    direction,
    ...(carrier && { carrier }),
    ...(fence && { fence }),
    monolith: monolith.tables.map((table) => onlyMapped(table, monolithColumns(table.name))),
    service: service.tables.map((table) => onlyMapped(table, serviceColumns(table.name))),
    publication: source === 'monolith' ? monolith.publication : service.publication,
    mapping: mappingIdentity(mapping),
  };
}

/** Columns that nobody maps come and go. */
const onlyMapped = (table: TableIdentity, names: readonly string[]): TableIdentity => ({
  ...table,
  columns: table.columns.filter(({ name }) => names.includes(name)),
});

/** Whether a table or partition holds no row and never held one in its present file. */
export async function isEmpty(client: pg.Client, oid: string): Promise<boolean> {
  const { rows } = await client.query<{ empty: string }>(
    'SELECT (coalesce(pg_relation_size($1::oid::regclass), 0) = 0)::text AS empty',
    [oid],
  );
  return rows[0]?.empty === 'true';
}
