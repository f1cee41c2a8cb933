import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { Row } from '../change-event.ts';
import type { StreamMessage } from '../change-stream.ts';
import type { SourceTable } from '../transport.ts';
import { type DecoderColumn, resolveColumnTypes } from './decode/column-type.ts';
import type { JsonRow } from './decode/envelope.ts';
import { createRowDecoder } from './decode/row-decoder.ts';
import { unavailable } from './decode/settings.ts';
import { withoutZone } from './decode/times.ts';
import { isUnavailable } from './decode/unavailable.ts';
import { valueDecoder } from './decode/value-decoder.ts';

interface CatalogColumn {
  readonly name: string;
  readonly oid: number;
  readonly modifier: number;
  /** As SQL writes it. */
  readonly written: string;
}

/** Of what column an array is, and whether a value of it stands for a large one that an update left alone. */
export interface ArrayColumn {
  readonly name: string;
  readonly isUnavailable: (value: unknown) => boolean;
}

/** How to find the rows of changes again at their source, and the columns that are read whose values Debezium may change. */
export interface ReadAgain {
  /** Without zone. Of the key too. */
  readonly times: readonly string[];
  /** Without those of the key, as are arrays. */
  readonly dates: readonly string[];
  readonly arrays: readonly ArrayColumn[];
  readonly key: readonly { readonly name: string; readonly type: string }[];
  readonly keyOf: (row: JsonRow) => Row;
  /** All columns that are read. */
  readonly wanted: readonly string[];
}

/** By `schema.table`: the columns that are read (of others all), and those that identify a row where the context file says so. */
export interface MappedTables {
  readonly read?: ReadonlyMap<string, ReadonlySet<string>>;
  readonly keys?: ReadonlyMap<string, readonly string[]>;
}

/** How the rows of a table look at some place of its topic. */
export interface TableShape {
  readonly schema: string;
  readonly table: string;
  /** Columns as the rows name them, in their order. */
  readonly columns: readonly string[];
  readonly relation: Extract<StreamMessage, { kind: 'relation' }>;
  after(row: JsonRow): Row;
  /** Only what the old row is known by: the other columns of it are NULL in the message without having been so. */
  before(row: JsonRow): Row;
  readonly again: ReadAgain;
}

const query = `
SELECT c.relreplident AS identity,
       coalesce((SELECT json_agg(k.attname) FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY u(attnum, n), pg_attribute k
                 WHERE i.indrelid = c.oid AND k.attrelid = c.oid AND k.attnum = u.attnum AND u.n <= i.indnkeyatts
                   AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END), '[]') AS keys,
       coalesce((SELECT json_agg(k.attname) FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY u(attnum, n), pg_attribute k
                 WHERE i.indrelid = c.oid AND i.indisprimary AND k.attrelid = c.oid AND k.attnum = u.attnum
                   AND u.n <= i.indnkeyatts), '[]') AS primary_key,
       json_agg(json_build_object('name', a.attname, 'oid', a.atttypid::bigint, 'modifier', a.atttypmod,
         'written', format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped
GROUP BY c.oid, c.relreplident`;

const identities: Readonly<Record<string, string>> = {
  d: 'default',
  f: 'full',
  i: 'index',
  n: 'nothing',
};

/**
 * The messages do not say the types of their columns: the catalog does. A column that it does not know any more is left out of
 * rows and shape, so whoever needs it learns that it is gone. Columns that nobody reads are left out of rows, whatever they hold:
 * some of their values do not come whole.
 * @throws StranglerError TABLE_MISSING
 */
export async function loadShape(
  client: pg.Client,
  table: SourceTable,
  columns: readonly string[],
  { read, keys: named }: MappedTables = {},
): Promise<TableShape> {
  const qualified = `${table.schema}.${table.table}`;
  const { rows } = await client.query<
    Record<'identity' | 'keys' | 'primary_key' | 'columns', string>
  >(query, [table.schema, table.table]);
  const found = rows[0];
  if (found === undefined)
    throw new StranglerError(
      'TABLE_MISSING',
      `table ${qualified} is gone at the source, though changes of it still wait in Kafka`,
    );
  const catalog = new Map(
    (JSON.parse(found.columns) as CatalogColumn[]).map((column) => [column.name, column]),
  );
  const present = columns.flatMap((name) => catalog.get(name) ?? []);
  const types = (await resolveColumnTypes(client, present)).filter(
    (type) => valueDecoder(type) !== undefined,
  );
  const known = present.filter(({ name }) => types.some((type) => type.name === name));
  const full = found.identity === 'f';
  const keys = new Set(JSON.parse(found.keys) as string[]);
  const asked = read?.get(qualified);
  const wanted = types.filter(
    ({ name }) => asked === undefined || asked.has(name) || keys.has(name),
  );
  const decode = createRowDecoder(wanted, { table: qualified });
  const decodeKey = full
    ? decode
    : createRowDecoder(
        types.filter((type) => keys.has(type.name)),
        { table: qualified },
      );
  const identifying =
    [named?.get(qualified) ?? [], [...keys], JSON.parse(found.primary_key) as string[]].find(
      (names) => names.length > 0 && names.every((name) => types.some((of) => of.name === name)),
    ) ?? [];
  return {
    schema: table.schema,
    table: table.table,
    columns,
    relation: {
      kind: 'relation',
      schema: table.schema,
      table: table.table,
      replicaIdentity: identities[found.identity] ?? 'nothing',
      columns: known.map(({ name, oid, modifier }) => ({
        name,
        typeOid: oid,
        typeModifier: modifier,
      })),
    },
    after: decode,
    before: decodeKey,
    again: {
      // Where nothing identifies a row there is nothing to ask for.
      ...readAgain(identifying.length === 0 ? [] : wanted, identifying),
      key: identifying.map((name) => ({ name, type: catalog.get(name)?.written ?? '' })),
      keyOf: createRowDecoder(
        types.filter(({ name }) => identifying.includes(name)),
        { table: qualified },
      ),
      wanted: wanted.map(({ name }) => name),
    },
  };
}

function readAgain(
  columns: readonly DecoderColumn[],
  key: readonly string[],
): Pick<ReadAgain, 'times' | 'dates' | 'arrays'> {
  const others = columns.filter(({ name }) => !key.includes(name));
  return {
    times: columns.filter(({ type }) => withoutZone(type)).map(({ name }) => name),
    dates: others.filter(({ type }) => type === 'date').map(({ name }) => name),
    arrays: others
      .filter(({ element }) => element !== null)
      .map((column) => {
        const marked = isUnavailable(column);
        return {
          name: column.name,
          isUnavailable: (value) => value === unavailable || marked?.(value) === true,
        };
      }),
  };
}

/** Whether a row has just these columns in this order. */
export function hasColumns(row: JsonRow, columns: readonly string[]): boolean {
  let index = 0;
  for (const name in row) {
    if (columns[index] !== name) return false;
    index += 1;
  }
  return index === columns.length;
}
