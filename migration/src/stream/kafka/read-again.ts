import type pg from 'pg';
import { quoteIdentifier } from '../../database/identifiers.ts';
import { isWholeArray } from './decode/arrays.ts';
import type { JsonRow } from './decode/envelope.ts';
import { dateText, isLate, mayBeLate } from './decode/times.ts';
import type { ReadChange } from './kafka-change.ts';
import { refuseLateKeys } from './late-keys.ts';
import type { SourceQueries } from './source-queries.ts';
import { askSource, setText } from './source-rows.ts';
import type { ArrayColumn, TableShape } from './table-shape.ts';
import { readWhatStays } from './what-stays.ts';
import { untilVisible } from './until-visible.ts';

/**
 * What Debezium does not bring whole is read at the source, as its rows have it now: times from 294247 on, which come as infinity
 * or not at all; bounds and dimensions of arrays; dates of a resync, which come in another calendar. What they were when the
 * change was made does not matter where they are others meanwhile: a later change of the row says so.
 * @throws StranglerError DECODE_FAILED for a key that cannot be told, COLUMN_MISSING, TABLE_MISSING
 */
export async function readAgain(
  source: SourceQueries,
  changes: readonly ReadChange[],
): Promise<void> {
  const doubtful = new Map<TableShape, ReadChange[]>();
  for (const change of changes) {
    if (!mayBeChanged(change)) continue;
    const others = doubtful.get(change.shape);
    if (others === undefined) doubtful.set(change.shape, [change]);
    else others.push(change);
  }
  const xids = new Set([...doubtful.values()].flat().flatMap(({ envelope }) => envelope.xid ?? []));
  if (xids.size > 0) await untilVisible(source, [...xids]);
  for (const [shape, found] of doubtful)
    await source.run(async (client) => {
      await refuseLateKeys(client, shape, found);
      await readWhatStays(client, shape, found);
      await readRows(client, shape, found);
    });
}

type Doubt = 'none' | 'perhaps' | 'surely';

function doubtOfArray({ name, isUnavailable }: ArrayColumn, change: ReadChange): Doubt {
  const { before, after } = change.envelope;
  const value = after?.[name];
  const unchanged = isUnavailable(value);
  const came = unchanged ? before?.[name] : value;
  if (Array.isArray(came) && came.length > 0) return isWholeArray(came) ? 'perhaps' : 'surely';
  // A large one goes with its row to the new key, by which it was not looked for yet; what was found by the old one may be
  // that of another row which has this key since.
  return unchanged && change.rekey === 'to' ? 'surely' : 'none';
}

/** `perhaps`: what came can be read, and may be something else all the same. */
function doubt(change: ReadChange): Doubt {
  const { shape, envelope } = change;
  const { after, op } = envelope;
  const { again } = shape;
  if (after === null) return 'none';
  let found: Doubt = 'none';
  for (const name of again.times) if (mayBeLate(after[name])) return 'surely';
  if (op === 'r')
    for (const name of again.dates) if (typeof after[name] === 'number') return 'surely';
  for (const array of again.arrays) {
    const one = doubtOfArray(array, change);
    if (one === 'surely') return one;
    if (one === 'perhaps') found = one;
  }
  return found;
}

const unreadable = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) && !isWholeArray(value);

const mayBeChanged = (change: ReadChange): boolean => {
  const { before } = change.envelope;
  const { times, arrays } = change.shape.again;
  return (
    (before !== null &&
      (times.some((name) => mayBeLate(before[name])) ||
        arrays.some(({ name }) => unreadable(before[name])))) ||
    doubt(change) !== 'none'
  );
};

/** Puts what the source has in the place of what came. */
async function readRows(
  client: pg.Client,
  shape: TableShape,
  changes: readonly ReadChange[],
): Promise<void> {
  const { again } = shape;
  const isKey = (name: string): boolean => again.key.some((column) => column.name === name);
  const times = again.times.filter((name) => !isKey(name));
  const arrays = again.arrays.map(({ name }) => name);
  const names = [...times, ...again.dates, ...arrays];
  const rows = changes.flatMap((change) => {
    const { after } = change.envelope;
    const found = doubt(change);
    return after === null || found === 'none' ? [] : [{ row: after, change, more: { w: found } }];
  });
  const column = (name: string): string => `t.${quoteIdentifier(name)}`;
  const found =
    rows.length === 0 || names.length === 0
      ? []
      : await askSource(client, shape, rows, {
          more: ['w'],
          select: [
            ...[...times, ...again.dates].map(column),
            // Most are as they came: only those travel that are not.
            ...arrays.map(
              (name) =>
                `CASE WHEN k.w = 'surely' OR array_ndims(${column(name)}) > 1 OR array_lower(${column(name)}, 1) <> 1
                  THEN ${column(name)} END`,
            ),
          ],
        });
  const present = new Map(found.map(([n, ...values]) => [Number(n), values]));
  rows.forEach(({ row, change }, n) => {
    const values = present.get(n);
    const text = (name: string): string | null | undefined => values?.[names.indexOf(name)];
    for (const name of times)
      if (values !== undefined && mayBeLate(row[name])) setText(row, name, text(name) ?? null);
    if (change.envelope.op === 'r')
      for (const name of again.dates)
        if (values !== undefined && row[name] !== null) setText(row, name, text(name) ?? null);
    for (const array of again.arrays) {
      const value = text(array.name);
      if (value !== undefined && value !== null && doubtOfArray(array, change) !== 'none')
        setText(row, array.name, value);
    }
  });
  // Of an old row nobody reads more than its key, but every value of it is decoded under REPLICA IDENTITY FULL.
  for (const { envelope } of changes)
    for (const row of [envelope.before, envelope.after])
      if (row !== null) makeReadable(row, { times, dates: again.dates, arrays });
}

/** A row that is gone, which a later change says, keeps what is nearest to what came. */
function makeReadable(
  row: JsonRow,
  { times, dates, arrays }: Readonly<Record<'times' | 'dates' | 'arrays', readonly string[]>>,
): void {
  for (const name of times) if (isLate(row[name])) setText(row, name, 'infinity');
  for (const name of dates) {
    const days = row[name];
    if (typeof days === 'number' && dateText(days) === undefined) setText(row, name, 'infinity');
  }
  for (const name of arrays) {
    const value = row[name];
    if (unreadable(value)) setText(row, name, `{${value.map(() => 'NULL').join(',')}}`);
  }
}
