import type { Direction } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { hasTable } from './schema.ts';

/** A change event that could not be applied, on the side where it should have been. */
export interface DeadLetter {
  readonly id: string;
  readonly context: string;
  readonly direction: Direction;
  readonly table: string;
  readonly key: Readonly<Record<string, string | null>>;
  readonly event: string;
  readonly errorCode: string;
  readonly error: string;
  readonly at: string;
  readonly state: 'open' | 'replayed' | 'dropped';
}

interface DeadLetterRecord {
  id: string;
  context: string;
  direction: Direction;
  table_name: string;
  key: string;
  event: string;
  error_code: string;
  error: string;
  at: string;
  state: DeadLetter['state'];
}

/** Open dead letters on a target, oldest first; all of them with `state: 'all'`. */
export async function listDeadLetters(
  client: pg.Client,
  filter: { context: string; direction?: Direction; state?: 'open' | 'all' },
): Promise<DeadLetter[]> {
  const { rows } = await client.query<DeadLetterRecord>(
    `SELECT * FROM strangler.dead_letters
     WHERE context = $1 AND ($2::text IS NULL OR direction = $2) AND ($3 = 'all' OR state = 'open') ORDER BY id`,
    [filter.context, filter.direction ?? null, filter.state ?? 'open'],
  );
  return rows.map((row) => ({
    id: row.id,
    context: row.context,
    direction: row.direction,
    table: row.table_name,
    key: JSON.parse(row.key),
    event: row.event,
    errorCode: row.error_code,
    error: row.error,
    at: row.at,
    state: row.state,
  }));
}

/** What is open, as little of each letter as tells its keys. */
export async function listParked(
  client: pg.ClientBase,
  context: string,
  direction: Direction,
): Promise<Pick<DeadLetter, 'table' | 'key' | 'event'>[]> {
  const { rows } = await client.query<Pick<DeadLetterRecord, 'table_name' | 'key' | 'event'>>(
    `SELECT table_name, key, event FROM strangler.dead_letters
      WHERE context = $1 AND direction = $2 AND state = 'open'`,
    [context, direction],
  );
  return rows.map((row) => ({
    table: row.table_name,
    key: JSON.parse(row.key),
    event: row.event,
  }));
}

/** How many are open, to stand inside another statement; `context` and `direction` are SQL. */
export const openDeadLettersText = (context: string, direction: string): string =>
  `SELECT count(*) FROM strangler.dead_letters
   WHERE context = ${context} AND direction = ${direction} AND state = 'open'`;

export async function countOpenDeadLetters(
  client: pg.ClientBase,
  context: string,
  direction: Direction,
): Promise<number> {
  const { rows } = await client.query<{ count: string }>(openDeadLettersText('$1', '$2'), [
    context,
    direction,
  ]);
  return Number(rows[0]?.count ?? 0);
}

/** Of both directions; 0 in a database that never had any. */
export async function countDeadLettersIfAny(
  client: pg.ClientBase,
  context: string,
): Promise<number> {
  if (!(await hasTable(client, 'dead_letters'))) return 0;
  const { rows } = await client.query<{ count: string }>(
    `SELECT count(*)::text AS count FROM strangler.dead_letters WHERE context = $1 AND state = 'open'`,
    [context],
  );
  return Number(rows[0]?.count ?? 0);
}

export interface NewDeadLetter {
  readonly context: string;
  readonly direction: Direction;
  readonly table: string;
  readonly key: Readonly<Record<string, string | null>>;
  /** The event as JSON. */
  readonly event: string;
  readonly errorCode: string;
  readonly error: string;
}

export async function writeDeadLetter(client: pg.Client, letter: NewDeadLetter): Promise<void> {
  await client.query(
    `INSERT INTO strangler.dead_letters (context, direction, table_name, key, event, error_code, error, state)
     VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7, 'open')`,
    [
      letter.context,
      letter.direction,
      letter.table,
      JSON.stringify(letter.key),
      letter.event,
      letter.errorCode,
      letter.error,
    ],
  );
}

export async function markReplayed(client: pg.Client, ids: readonly string[]): Promise<void> {
  await client.query(
    `UPDATE strangler.dead_letters SET state = 'replayed' WHERE id = ANY($1::bigint[])`,
    [ids],
  );
}

/** Gives one open letter up; false when there is none. */
export async function dropOpenDeadLetter(
  client: pg.Client,
  { context, direction, id }: { context: string; direction: Direction; id: string },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `UPDATE strangler.dead_letters SET state = 'dropped'
      WHERE id = $1 AND context = $2 AND direction = $3 AND state = 'open'`,
    [id, context, direction],
  );
  return rowCount === 1;
}

/** `because` is added to what the letters say. */
export async function dropDeadLetters(
  client: pg.Client,
  ids: readonly string[],
  because: string,
): Promise<void> {
  await client.query(
    `UPDATE strangler.dead_letters SET state = 'dropped', error = error || $2
      WHERE id = ANY($1::bigint[])`,
    [ids, because],
  );
}

export async function dropDeadLettersOfTable(
  client: pg.Client,
  of: { context: string; direction: Direction; table: string },
  because: string,
): Promise<void> {
  await client.query(
    `UPDATE strangler.dead_letters SET state = 'dropped', error = error || $4
      WHERE context = $1 AND direction = $2 AND table_name = $3 AND state = 'open'`,
    [of.context, of.direction, of.table, because],
  );
}

export async function dropDeadLettersOfStream(
  client: pg.Client,
  { context, direction }: { context: string; direction: Direction },
): Promise<void> {
  await client.query(
    `UPDATE strangler.dead_letters SET state = 'dropped'
      WHERE context = $1 AND direction = $2 AND state = 'open'`,
    [context, direction],
  );
}

/** Letters of both directions, in whatever state; also in a database that never had any. */
export async function forgetDeadLetters(client: pg.ClientBase, context: string): Promise<void> {
  if (await hasTable(client, 'dead_letters'))
    await client.query('DELETE FROM strangler.dead_letters WHERE context = $1', [context]);
}
