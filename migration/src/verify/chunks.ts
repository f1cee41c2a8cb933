import type pg from 'pg';
import { quoteLiteral } from '../database/identifiers.ts';
import type { ComparedSide, Comparison } from './comparison.ts';

/** Rows of a table that are compared at once; `where` is a condition that selects the same rows on both sides. */
export interface Chunk {
  where(side: ComparedSide): string;
}

export interface Digest {
  readonly rows: number;
  readonly sum: string;
}

const utf8 = (expressions: readonly string[]): string =>
  `convert_to(ROW(${expressions.join(', ')})::text, 'UTF8')`;
const rowHash = (side: ComparedSide): string => `md5(${utf8([...side.keys, ...side.values])})`;
const digestColumns = (side: ComparedSide): string =>
  `count(*) AS rows, coalesce(sum(('x' || left(${rowHash(side)}, 16))::bit(64)::bigint::numeric), 0) AS sum`;
const bucketOf = (side: ComparedSide, buckets: number): string =>
  `('x' || left(md5(${utf8(side.keys)}), 8))::bit(32)::bigint % ${buckets}`;

const compareTuple = (
  side: ComparedSide,
  operator: '>' | '<=',
  bound: readonly string[],
  types: readonly string[],
): string =>
  `(${side.keyColumns.map(({ column }) => column).join(', ')}) ${operator} ` +
  `(${bound.map((value, index) => `CAST(${quoteLiteral(value)} AS ${types[index] ?? 'text'})`).join(', ')})`;

/** Ranges of the owner's keys. The first begins and the last ends open: rows of the other side beyond them are found too. */
export async function* keyRanges(
  client: pg.Client,
  comparison: Comparison,
  owner: ComparedSide,
  chunkRows: number,
): AsyncGenerator<Chunk, void, undefined> {
  const types = comparison.keyLinks.map((link) => link.compareType);
  const columns = owner.keyColumns.map(({ column }) => column).join(', ');
  let lower: readonly string[] | undefined;
  for (;;) {
    const after = lower ? ` AND ${compareTuple(owner, '>', lower, types)}` : '';
    const { rows } = await client.query<string[]>({
      text: `SELECT ${columns} FROM ${owner.table} WHERE ${owner.meant}${after} ORDER BY ${columns} OFFSET ${chunkRows - 1} LIMIT 1`,
      rowMode: 'array',
    });
    const upper = rows[0];
    const from = lower;
    yield {
      where: (side) =>
        [
          from && compareTuple(side, '>', from, types),
          upper && compareTuple(side, '<=', upper, types),
        ]
          .filter((condition) => condition !== undefined)
          .join(' AND ') || 'true',
    };
    if (!upper) return;
    lower = upper;
  }
}

export async function digest(client: pg.Client, side: ComparedSide, chunk: Chunk): Promise<Digest> {
  const { rows } = await client.query<{ rows: string; sum: string }>(
    `SELECT ${digestColumns(side)} FROM ${side.table} WHERE ${side.meant} AND ${chunk.where(side)}`,
  );
  return { rows: Number(rows[0]?.rows), sum: rows[0]?.sum ?? '' };
}

/** For keys that the two sides sort differently: all buckets of the key's hash in one scan. */
export async function bucketDigests(
  client: pg.Client,
  side: ComparedSide,
  buckets: number,
): Promise<Map<number, Digest>> {
  const { rows } = await client.query<{ bucket: string; rows: string; sum: string }>(
    `SELECT ${bucketOf(side, buckets)} AS bucket, ${digestColumns(side)} FROM ${side.table} WHERE ${side.meant} GROUP BY 1`,
  );
  return new Map(rows.map((row) => [Number(row.bucket), { rows: Number(row.rows), sum: row.sum }]));
}

export const bucketChunk = (buckets: number, wanted: readonly number[]): Chunk => ({
  where: (side) => `${bucketOf(side, buckets)} IN (${wanted.join(', ')})`,
});

/** Key in shared terms (as JSON) → hash of the row. A key that occurs twice (tables without a unique key) hashes all its rows. */
export async function rowHashes(
  client: pg.Client,
  side: ComparedSide,
  chunk: Chunk,
): Promise<Map<string, string>> {
  const { rows } = await client.query<string[]>({
    text: `SELECT ${rowHash(side)}, ${side.keys.join(', ')} FROM ${side.table} WHERE ${side.meant} AND ${chunk.where(side)} ORDER BY 1`,
    rowMode: 'array',
  });
  const hashes = new Map<string, string>();
  for (const [hash = '', ...key] of rows) {
    const id = JSON.stringify(key);
    hashes.set(id, `${hashes.get(id) ?? ''}${hash}`);
  }
  return hashes;
}

/** Keys that are not alike on both sides at this moment: some only because of lag. */
export function unlikeKeys(
  owner: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): string[][] {
  const unlike = new Set<string>();
  for (const [key, hash] of owner) if (other.get(key) !== hash) unlike.add(key);
  for (const key of other.keys()) if (!owner.has(key)) unlike.add(key);
  return [...unlike].map((key) => JSON.parse(key) as string[]);
}
