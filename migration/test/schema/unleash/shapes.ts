import type pg from 'pg';

export interface ColumnShape {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  /** As SQL writes it. */
  readonly default: string | null;
}

/** What a table looks like to whoever has to make one of the same shape. */
export interface TableShape {
  readonly columns: readonly ColumnShape[];
  readonly key: readonly string[];
  /** Of everything that a migration may change of it: constraints, indexes and triggers too. */
  readonly print: string;
}

export type Shapes = Readonly<Record<string, TableShape>>;

/** Every table of schema public that has a primary key. */
export async function readShapes(client: pg.Client): Promise<Shapes> {
  const { rows } = await client.query<{ name: string; shape: string; print: string }>(
    `SELECT c.relname AS name, md5(concat_ws('|', s.columns::text, k.constraints, i.indexes, t.triggers)) AS print,
       json_build_object('columns', s.columns, 'key', p.key)::text AS shape
     FROM pg_class c
     CROSS JOIN LATERAL (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
         'notNull', a.attnotnull, 'default', pg_get_expr(d.adbin, d.adrelid), 'number', a.attnum) ORDER BY a.attnum) AS columns
       FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) s
     CROSS JOIN LATERAL (SELECT json_agg(a.attname ORDER BY k.n) AS key
       FROM pg_index x, unnest(x.indkey::int2[]) WITH ORDINALITY k(attnum, n), pg_attribute a
       WHERE x.indrelid = c.oid AND x.indisprimary AND a.attrelid = c.oid AND a.attnum = k.attnum) p
     CROSS JOIN LATERAL (SELECT string_agg(conname || pg_get_constraintdef(oid), ',' ORDER BY conname) AS constraints
       FROM pg_constraint WHERE conrelid = c.oid) k
     CROSS JOIN LATERAL (SELECT string_agg(pg_get_indexdef(indexrelid), ',' ORDER BY indexrelid) AS indexes
       FROM pg_index WHERE indrelid = c.oid) i
     CROSS JOIN LATERAL (SELECT string_agg(pg_get_triggerdef(oid), ',' ORDER BY tgname) AS triggers
       FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal) t
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND p.key IS NOT NULL AND c.relname <> 'migrations'
     ORDER BY 1`,
  );
  return Object.fromEntries(
    rows.map(({ name, shape, print }) => [
      name,
      { ...(JSON.parse(shape) as Omit<TableShape, 'print'>), print },
    ]),
  );
}

const columnSql = ({ name, type, notNull, default: value }: ColumnShape): string =>
  `"${name}" ${type}${value === null ? '' : ` DEFAULT ${value}`}${notNull ? ' NOT NULL' : ''}`;
const keySql = (key: readonly string[]): string =>
  `PRIMARY KEY (${key.map((name) => `"${name}"`).join(', ')})`;

/** What the service's team deploys so that its tables have the shape of the monolith's: columns and keys, nothing else. */
export function statementsToFollow(service: Shapes, monolith: Shapes): string[] {
  return Object.entries(monolith).flatMap(([name, to]) => {
    const from = service[name];
    if (from === undefined)
      return [
        `CREATE TABLE "${name}" (${[...to.columns.map(columnSql), keySql(to.key)].join(', ')})`,
      ];
    const actions = [
      ...to.columns.flatMap((column) => {
        const was = from.columns.find((one) => one.name === column.name);
        if (was === undefined) return [`ADD COLUMN ${columnSql(column)}`];
        const alter = `ALTER COLUMN "${column.name}"`;
        return [
          ...(was.type === column.type
            ? []
            : [`${alter} TYPE ${column.type} USING "${column.name}"::${column.type}`]),
          ...(was.notNull && !column.notNull ? [`${alter} DROP NOT NULL`] : []),
        ];
      }),
      ...from.columns
        .filter((column) => to.columns.every(({ name: kept }) => kept !== column.name))
        .map((column) => `DROP COLUMN "${column.name}" CASCADE`),
    ];
    const key =
      from.key.join() === to.key.join()
        ? []
        : [
            `ALTER TABLE "${name}" DROP CONSTRAINT IF EXISTS "${name}_pkey" CASCADE, ADD ${keySql(to.key)}`,
          ];
    return [
      ...(actions.length === 0 ? [] : [`ALTER TABLE "${name}" ${actions.join(', ')}`]),
      ...key,
    ];
  });
}
