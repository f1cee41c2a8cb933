import type pg from 'pg';
import type { Shapes } from './shapes.ts';

interface Reference {
  readonly columns: readonly string[];
  readonly table: string;
  readonly referenced: readonly string[];
}

async function references(client: pg.Client, table: string): Promise<Reference[]> {
  const { rows } = await client.query<{ reference: string }>(
    `SELECT json_build_object('table', f.relname,
       'columns', (SELECT json_agg(a.attname ORDER BY u.n) FROM unnest(k.conkey) WITH ORDINALITY u(attnum, n)
         JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum),
       'referenced', (SELECT json_agg(a.attname ORDER BY u.n) FROM unnest(k.confkey) WITH ORDINALITY u(attnum, n)
         JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum))::text AS reference
     FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid
     WHERE k.contype = 'f' AND k.conrelid = $1::regclass`,
    [`"${table}"`],
  );
  return rows.map(({ reference }) => JSON.parse(reference) as Reference);
}

/** A value of the type that other numbers make another one, as SQL; every value that any check of Unleash's takes. */
function valueSql(type: string, n: number): string {
  if (/^(text|character varying)/.test(type)) return `'s${n}'`;
  if (/^(integer|bigint|smallint|numeric|double precision)/.test(type)) return String(n);
  if (type.startsWith('json')) return `'{"n": ${n}}'`;
  if (type.startsWith('timestamp')) return `now() - interval '${n} minutes'`;
  if (type === 'date') return `current_date - ${n}`;
  if (type === 'boolean') return 'true';
  if (type === 'bytea') return `'\\x${n.toString(16).padStart(8, '0')}'`;
  if (type.endsWith('[]')) return `'{}'`;
  throw new Error(`no value of type ${type}`);
}

/** What the type does not tell: values that a later migration takes as well, or works on. */
const chosen: Readonly<Record<string, (n: number) => string>> = {
  'lifecycle_trends.flag_type': () => `'release'`,
  'users.email': (n) => `'somebody${n}@example.org'`,
};

/** The first text that a check of the column allows: `status IN ('open', …)`. */
async function allowed(client: pg.Client, table: string): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT a.attname AS name, pg_get_constraintdef(k.oid) AS definition FROM pg_constraint k
     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
     WHERE k.contype = 'c' AND cardinality(k.conkey) = 1 AND k.conrelid = $1::regclass`,
    [`"${table}"`],
  );
  return new Map(
    rows.flatMap(({ name, definition }) => {
      const literal = /'[^']*'/.exec(definition)?.[0];
      return literal === undefined ? [] : [[name, literal] as const];
    }),
  );
}

const quoted = (names: Iterable<string>): string => [...names].map((name) => `"${name}"`).join();

/** Adds a row to the table as anybody might, with references that lead somewhere; false where its constraints refuse it. */
export async function addRow(
  client: pg.Client,
  shapes: Shapes,
  { table, n }: { readonly table: string; readonly n: number },
): Promise<boolean> {
  const values = new Map<string, string>();
  const texts = await allowed(client, table);
  for (const { name, type, notNull, default: usual } of shapes[table]?.columns ?? []) {
    const value = chosen[`${table}.${name}`]?.(n);
    if (value !== undefined) values.set(name, value);
    else if (notNull && usual === null) values.set(name, texts.get(name) ?? valueSql(type, n));
  }
  for (const { columns, table: other, referenced } of await references(client, table)) {
    for (const [at, column] of columns.entries())
      if (values.has(column))
        values.set(
          column,
          `(SELECT "${referenced[at]}" FROM "${other}" ORDER BY ${quoted(referenced)}
            LIMIT 1 OFFSET ${n} % (SELECT greatest(1, count(*)) FROM "${other}"))`,
        );
  }
  const row =
    values.size === 0
      ? 'DEFAULT VALUES'
      : `(${quoted(values.keys())}) VALUES (${[...values.values()].join()})`;
  try {
    await client.query(`INSERT INTO "${table}" ${row}`);
    return true;
  } catch (error) {
    // Class 23: a row like this one is there, or what it refers to is not.
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('23'))
      return false;
    throw error;
  }
}

/** Writes a row of the table as it is: an event that says what the table looks like now. */
export const touchRow = async (client: pg.Client, shapes: Shapes, table: string): Promise<void> => {
  const column = shapes[table]?.columns.find(({ name }) => !shapes[table]?.key.includes(name));
  if (column !== undefined)
    await client.query(
      `UPDATE "${table}" SET "${column.name}" = "${column.name}" WHERE ctid = (SELECT max(ctid) FROM "${table}")`,
    );
};
