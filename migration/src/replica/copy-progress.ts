import type pg from 'pg';
import type { StreamKey } from './streams.ts';

/**
 * While tables are copied, the rows that are there have a position of their own. It stands in strangler.streams, under a name
 * that no context can have: whoever asks for the context's stream finds none before all rows are there.
 */
export const copyStream = (context: string): StreamKey => ({
  context: `${context} (copy)`,
  direction: 'forward',
});

/** Pages of a monolith's table that one part of it holds; `to` undefined is an open end. */
export interface CopiedRange {
  readonly table: string;
  readonly part: string;
  readonly from: number;
  readonly to: number | undefined;
  /** Where the table's rows lay: elsewhere its pages are others. */
  readonly files: string;
  readonly rows: number;
  readonly bytes: number;
}

/** A row of a monolith's table, by its key. */
export interface CopyKey {
  readonly table: string;
  readonly key: Readonly<Record<string, string | null>>;
}

/** In the transaction that writes the range's rows. */
export async function noteCopiedRange(
  client: pg.Client,
  context: string,
  range: CopiedRange,
): Promise<void> {
  await client.query(
    `INSERT INTO strangler.copied_ranges (context, table_name, part, from_page, to_page, files, rows, bytes)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      context,
      range.table,
      range.part,
      range.from,
      range.to ?? null,
      range.files,
      range.rows,
      range.bytes,
    ],
  );
}

export async function copiedRanges(client: pg.Client, context: string): Promise<CopiedRange[]> {
  const { rows } = await client.query<{
    table_name: string;
    part: string;
    from_page: string;
    to_page: string | null;
    files: string;
    rows: string;
    bytes: string;
  }>(
    `SELECT table_name, part, from_page, to_page, files, rows, bytes FROM strangler.copied_ranges
      WHERE context = $1 ORDER BY from_page`,
    [context],
  );
  return rows.map((row) => ({
    table: row.table_name,
    part: row.part,
    from: Number(row.from_page),
    to: row.to_page === null ? undefined : Number(row.to_page),
    files: row.files,
    rows: Number(row.rows),
    bytes: Number(row.bytes),
  }));
}

/** A table that lies elsewhere now has other pages: all of them are read again. */
export async function forgetCopiedRanges(
  client: pg.Client,
  context: string,
  table: string,
): Promise<void> {
  await client.query('DELETE FROM strangler.copied_ranges WHERE context = $1 AND table_name = $2', [
    context,
    table,
  ]);
}

/** Rows to be read once more, whatever range they lie in. In the transaction that passes the change which says so. */
export async function noteCopyKeys(
  client: pg.Client,
  context: string,
  keys: readonly CopyKey[],
): Promise<void> {
  if (keys.length === 0) return;
  await client.query(
    `INSERT INTO strangler.copy_keys (context, table_name, key)
     SELECT DISTINCT $1, item ->> 'table', item -> 'key' FROM jsonb_array_elements($2::jsonb) item
     ON CONFLICT DO NOTHING`,
    [context, JSON.stringify(keys)],
  );
}

/**
 * A table with more keys than that is read whole: its keys go, and its ranges. Where nobody else writes ranges, which is so
 * after `takeCopyMark`.
 */
export async function forgetManyKeys(
  client: pg.Client,
  context: string,
  most: number,
): Promise<void> {
  await client.query(
    `WITH many AS (SELECT table_name FROM strangler.copy_keys WHERE context = $1 GROUP BY table_name HAVING count(*) > $2::bigint),
       read_again AS (DELETE FROM strangler.copied_ranges r USING many WHERE r.context = $1 AND r.table_name = many.table_name)
     DELETE FROM strangler.copy_keys k USING many WHERE k.context = $1 AND k.table_name = many.table_name`,
    [context, most],
  );
}

export async function copyKeys(client: pg.Client, context: string): Promise<CopyKey[]> {
  const { rows } = await client.query<{ table_name: string; key: string }>(
    'SELECT table_name, key::text AS key FROM strangler.copy_keys WHERE context = $1 ORDER BY table_name, key',
    [context],
  );
  return rows.map(({ table_name, key }) => ({
    table: table_name,
    key: JSON.parse(key) as CopyKey['key'],
  }));
}

/** In the transaction that writes these rows. */
export async function forgetCopyKeys(
  client: pg.Client,
  context: string,
  keys: readonly CopyKey[],
): Promise<void> {
  await client.query(
    `DELETE FROM strangler.copy_keys USING jsonb_array_elements($2::jsonb) item
      WHERE context = $1 AND table_name = item ->> 'table' AND key = item -> 'key'`,
    [context, JSON.stringify(keys)],
  );
}

/** Everything that a copy which was cut off could be gone on from. */
export async function forgetCopyProgress(client: pg.Client, context: string): Promise<void> {
  const { context: stream } = copyStream(context);
  await client.query('DELETE FROM strangler.copied_ranges WHERE context = $1', [context]);
  await client.query('DELETE FROM strangler.copy_keys WHERE context = $1', [context]);
  await client.query('DELETE FROM strangler.streams WHERE context = $1', [stream]);
  await client.query('DELETE FROM strangler.identities WHERE context = $1', [stream]);
}
