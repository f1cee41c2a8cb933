import { codeOf, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { databaseFailure } from '../../database/failures.ts';
import { quoteIdentifier, quoteTable } from '../../database/identifiers.ts';
import type { JsonRow } from './decode/envelope.ts';
import { isLate, lateTime, mayBeLate, ReadTime } from './decode/times.ts';
import type { KafkaChange } from './kafka-change.ts';
import type { SourceQueries } from './source-queries.ts';
import type { TableShape } from './table-shape.ts';

type Changed = Pick<KafkaChange, 'envelope' | 'shape'>;

/**
 * Times from 294247 on come as infinity, or not at all: those are read at the source, as their rows have them now. What they were
 * when the change was made does not matter where they are others meanwhile: a later change of the row says so.
 * @throws StranglerError DECODE_FAILED for a key that cannot be told
 */
export async function readLateTimes(
  source: SourceQueries,
  changes: readonly Changed[],
): Promise<void> {
  const doubtful = new Map<TableShape, Changed[]>();
  for (const change of changes) {
    const { shape, envelope } = change;
    const late = shape.times.columns.some(
      (name) => mayBeLate(envelope.after?.[name]) || mayBeLate(envelope.before?.[name]),
    );
    if (!late) continue;
    const others = doubtful.get(shape);
    if (others === undefined) doubtful.set(shape, [change]);
    else others.push(change);
  }
  for (const [shape, found] of doubtful)
    await source.run(async (client) => {
      await refuseLateKeys(client, shape, found);
      await readRows(client, shape, found);
    });
}

/** A table or column that is gone has nothing to say; the stream tells of it at its place. */
const gone = ['42P01', '42703'];

async function ask(
  client: pg.Client,
  shape: TableShape,
  text: string,
  rows: readonly JsonRow[],
): Promise<readonly (readonly (string | null)[])[]> {
  try {
    return (
      await client.query<(string | null)[]>({
        text,
        values: [keysOf(shape, rows)],
        rowMode: 'array',
      })
    ).rows;
  } catch (error) {
    if (gone.includes(codeOf(error))) return [];
    throw databaseFailure(error, `Cannot read times of ${shape.schema}.${shape.table} again`);
  }
}

const table = (shape: TableShape): string =>
  quoteTable({ schema: shape.schema, table: shape.table });
const keyColumns = ({ times: { key } }: TableShape): string =>
  ['n int', ...key.map(({ type }, index) => `k${index} ${type}`)].join(', ');
const keysOf = ({ times: { key, keyOf } }: TableShape, rows: readonly JsonRow[]): string =>
  JSON.stringify(
    rows.map((row, n) => {
      const known = keyOf(row);
      return { n, ...Object.fromEntries(key.map(({ name }, index) => [`k${index}`, known[name]])) };
    }),
  );

/** A row that is gone has only its key to be known by. Infinity is a usual one, so the question is whether the source has both. */
async function refuseLateKeys(
  client: pg.Client,
  shape: TableShape,
  changes: readonly Changed[],
): Promise<void> {
  const { key } = shape.times;
  for (const { name } of key.filter((column) => shape.times.columns.includes(column.name))) {
    const rows = changes
      .flatMap(({ envelope: { before, after } }) => [before, after])
      .filter((row): row is JsonRow => row !== null && mayBeLate(row[name]));
    if (rows.length === 0) continue;
    const column = `t.${quoteIdentifier(name)}`;
    const others = key.flatMap((other, index) =>
      other.name === name ? [] : [`t.${quoteIdentifier(other.name)} = k.k${index}`],
    );
    for (const row of rows) setLate(row, [name]);
    const found = await ask(
      client,
      shape,
      `SELECT k.n FROM json_to_recordset($1::json) AS k(${keyColumns(shape)}) JOIN ${table(shape)} t
         ON ${[...others, `${column} >= '${lateTime}' AND isfinite(${column})`].join(' AND ')} LIMIT 1`,
      rows,
    );
    if (found.length === 0) continue;
    throw new StranglerError(
      'DECODE_FAILED',
      `Column ${shape.schema}.${shape.table}.${name} identifies rows and holds times from ${lateTime} on, ` +
        'which come through Debezium as infinity',
      {
        details: { table: `${shape.schema}.${shape.table}`, column: name },
        remedy: `Give those rows an earlier time or infinity in ${name}; the worker goes on from here.`,
      },
    );
  }
}

/** Puts what the source has in the place of what may be late. */
async function readRows(
  client: pg.Client,
  shape: TableShape,
  changes: readonly Changed[],
): Promise<void> {
  const { columns, key } = shape.times;
  const isKey = (name: string): boolean => key.some((column) => column.name === name);
  const names = columns.filter((name) => !isKey(name));
  // Of an old row nobody reads more than its key, but every value of it is decoded under REPLICA IDENTITY FULL.
  for (const { envelope } of changes) if (envelope.before !== null) setLate(envelope.before, names);
  const rows = changes
    .map(({ envelope: { after } }) => after)
    .filter((row): row is JsonRow => row !== null && names.some((name) => mayBeLate(row[name])));
  if (names.length === 0 || rows.length === 0) return;
  const found = await ask(
    client,
    shape,
    `SELECT k.n, ${names.map((name) => `t.${quoteIdentifier(name)}`).join(', ')}
       FROM json_to_recordset($1::json) AS k(${keyColumns(shape)}) JOIN ${table(shape)} t
         ON ${key.map(({ name }, index) => `t.${quoteIdentifier(name)} = k.k${index}`).join(' AND ')}`,
    rows,
  );
  const present = new Map(found.map(([n, ...values]) => [Number(n), values]));
  rows.forEach((row, n) => {
    const values = present.get(n);
    // It is gone, which a later change says.
    if (values === undefined) setLate(row, names);
    else
      names.forEach((name, index) => {
        if (mayBeLate(row[name])) set(row, name, values[index] ?? null);
      });
  });
}

/** What could not be written at all becomes what all others come as. */
function setLate(row: JsonRow, names: readonly string[]): void {
  for (const name of names) if (isLate(row[name])) set(row, name, 'infinity');
}

/** In place: rows are many, and nobody else has this one yet. */
function set(row: JsonRow, name: string, text: string | null): void {
  (row as Record<string, unknown>)[name] = text === null ? null : new ReadTime(text);
}
