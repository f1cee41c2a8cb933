import { codeOf, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { quoteIdentifier } from '../database/identifiers.ts';
import { conditionSql } from '../mapping/row-condition.ts';
import { FENCE_REFUSED } from '../replica/fences.ts';
import { arrayLiteral } from './array-literal.ts';
import type { ApplyStep } from './collapse.ts';
import type { LogicalRow } from './row-change.ts';
import { actionStatement, leavesNothing, orphansOf, type WatchedKey } from './watched-keys.ts';
import { castOf, projectOnto, type WriteTarget } from './write-target.ts';

/** Rows of one table that a run of changes may take away from those who refer to them, or make refer to something. */
interface Touched {
  readonly target: WriteTarget;
  /** The key before, and the key after. */
  readonly keys: { readonly before: LogicalRow; readonly after: LogicalRow }[];
  /** All rows went (TRUNCATE). */
  everything: boolean;
}

interface Referred {
  readonly old: readonly (string | null)[];
  readonly after: LogicalRow;
}

export interface Followed {
  readonly touched: readonly Touched[];
  /** By watched key: what rows were referred to by before the changes. */
  readonly referred: ReadonlyMap<WatchedKey, readonly Referred[]>;
}

/** Before changes are written: remembers what others refer to. Null when no key is watched. */
export async function beginFollowing(
  client: pg.Client,
  targets: readonly (readonly WriteTarget[])[],
  steps: readonly ApplyStep[],
): Promise<Followed | null> {
  if (!targets.some((parts) => parts.some((part) => part.watched.length > 0))) return null;
  const touched = touchedRows(targets, steps);
  const referred = new Map<WatchedKey, Referred[]>();
  for (const { target, keys, everything } of touched)
    for (const key of target.watched) {
      if (key.mapped !== 'parent' || everything) continue;
      const values = await readValues(
        client,
        target,
        key.parent.columns,
        keys.map(({ before }) => before),
      );
      referred.set(
        key,
        values.flatMap((old, index) => {
          const after = keys[index]?.after;
          return old === null || after === undefined || old.includes(null) ? [] : [{ old, after }];
        }),
      );
    }
  return { touched, referred };
}

/**
 * After they were written: does what the watched keys say of rows that are gone or changed.
 * @throws StranglerError APPLY_FAILED (the data's fault) when rows would refer to nothing and nothing may be done about it
 */
export async function endFollowing(client: pg.Client, followed: Followed | null): Promise<void> {
  if (followed === null) return;
  for (const { target, keys, everything } of followed.touched)
    for (const key of target.watched) {
      if (key.mapped === 'child') await refuseOrphans(client, target, key, keys);
      else if (everything) await settleEverything(client, key);
      else await settle(client, target, key, followed.referred.get(key) ?? []);
    }
}

function touchedRows(
  targets: readonly (readonly WriteTarget[])[],
  steps: readonly ApplyStep[],
): Touched[] {
  const found = new Map<WriteTarget, Touched>();
  const touch = (target: WriteTarget): Touched => {
    const known = found.get(target) ?? { target, keys: [], everything: false };
    found.set(target, known);
    return known;
  };
  for (const step of steps)
    for (const change of step.kind === 'rows' ? step.changes : [step.change])
      for (const target of targets[change.table] ?? []) {
        if (target.watched.length === 0 || change.kind === 'invalid') continue;
        if (change.kind === 'truncate' || change.kind === 'clear') touch(target).everything = true;
        else {
          const after = projectOnto(target, change.key);
          const before = change.kind === 'rekey' ? projectOnto(target, change.oldKey) : after;
          touch(target).keys.push({ before, after });
        }
      }
  return [...found.values()];
}

/** `input(k0, …, n)`: keys of rows of the target, numbered from 1. */
function keyRows(target: WriteTarget): string {
  const names = target.key.map((_column, index) => `k${index}`);
  const arrays = names.map((_name, index) => `$${index + 1}::text[]`).join(', ');
  const casts = target.key.map(
    (column, index) => `${castOf(target, column, `raw.k${index}`)} AS k${index}`,
  );
  return `(SELECT ${casts.join(', ')}, raw.n FROM unnest(${arrays}) WITH ORDINALITY AS raw(${names.join(', ')}, n))`;
}

const keyIs = (target: WriteTarget, alias: string): string =>
  [
    ...target.key.map((column, index) => `${alias}.${quoteIdentifier(column)} = input.k${index}`),
    ...(target.where ? [conditionSql(target.where, alias)] : []),
  ].join(' AND ');

const keyArrays = (target: WriteTarget, keys: readonly LogicalRow[]): string[] =>
  target.key.map((column) => arrayLiteral(keys.map((key) => key[column] ?? null)));

/** Per key the columns' values now, or null when there is no such row. */
async function readValues(
  client: pg.Client,
  target: WriteTarget,
  columns: readonly string[],
  keys: readonly LogicalRow[],
): Promise<((string | null)[] | null)[]> {
  const found: ((string | null)[] | null)[] = keys.map(() => null);
  if (keys.length === 0) return found;
  const values = columns.map(
    (column, index) => `target.${quoteIdentifier(column)}::text AS v${index}`,
  );
  const { rows } = await client.query<Record<string, string | null>>(
    `SELECT input.n, ${values.join(', ')} FROM ${keyRows(target)} AS input JOIN ${target.name} AS target ON ${keyIs(target, 'target')}`,
    keyArrays(target, keys),
  );
  for (const row of rows)
    found[Number(row.n) - 1] = columns.map((_column, index) => row[`v${index}`] ?? null);
  return found;
}

async function settle(
  client: pg.Client,
  target: WriteTarget,
  key: WatchedKey,
  referred: readonly Referred[],
): Promise<void> {
  const now = await readValues(
    client,
    target,
    key.parent.columns,
    referred.map(({ after }) => after),
  );
  const types = key.parent.columns.map((column) => target.castTypes.get(column) ?? 'text');
  const gone: (readonly (string | null)[])[] = [];
  const changed: (readonly (string | null)[])[] = [];
  for (const [index, { old }] of referred.entries()) {
    const values = now[index] ?? null;
    if (values === null) gone.push(old);
    else if (values.some((value, at) => value !== old[at])) changed.push([...old, ...values]);
  }
  await act(client, key, actionStatement(key, 'deleted', types), gone);
  await act(client, key, actionStatement(key, 'updated', types), changed);
}

async function act(
  client: pg.Client,
  key: WatchedKey,
  { text, look }: ReturnType<typeof actionStatement>,
  rows: readonly (readonly (string | null)[])[],
): Promise<void> {
  if (rows.length === 0) return;
  const width = rows[0]?.length ?? 0;
  const arrays = Array.from({ length: width }, (_none, at) =>
    arrayLiteral(rows.map((row) => row[at] ?? null)),
  );
  if (look) {
    if ((await client.query(text, arrays)).rowCount !== 0) throw refusal(key);
    return;
  }
  await asAnyWriter(client, key, () => client.query(text, arrays));
}

/** A table that was emptied: nothing may refer to it any more. */
async function settleEverything(client: pg.Client, key: WatchedKey): Promise<void> {
  const orphans = orphansOf(key);
  const columns = key.setColumns.length > 0 ? key.setColumns : key.child.columns;
  const set = (value: string): string =>
    columns.map((column) => `${quoteIdentifier(column)} = ${value}`).join(', ');
  const child = /^FROM (.*?) WHERE /s.exec(orphans)?.[1] ?? '';
  const rest = orphans.slice(`FROM ${child}`.length);
  switch (key.deleted) {
    case 'cascade':
      await asAnyWriter(client, key, () => client.query(`DELETE ${orphans}`));
      return;
    case 'set null':
    case 'set default': {
      const value = key.deleted === 'set null' ? 'NULL' : 'DEFAULT';
      await asAnyWriter(client, key, () =>
        client.query(`UPDATE ${child} SET ${set(value)}${rest}`),
      );
      return;
    }
    case 'restrict':
    case 'no action':
      if ((await client.query(`SELECT ${orphans} LIMIT 1`)).rowCount !== 0) throw refusal(key);
  }
}

/** Rows that were just written must find what they refer to. */
async function refuseOrphans(
  client: pg.Client,
  target: WriteTarget,
  key: WatchedKey,
  keys: Touched['keys'],
): Promise<void> {
  if (keys.length === 0) return;
  const { rowCount } = await client.query(
    `SELECT ${orphansOf(key)} AND EXISTS (SELECT FROM ${keyRows(target)} AS input WHERE ${keyIs(target, 'child')}) LIMIT 1`,
    keyArrays(
      target,
      keys.map(({ after }) => after),
    ),
  );
  if (rowCount !== 0) throw refusal(key);
}

/** Outside of replica role: the rows that are touched are nobody's replicas, their own keys and triggers must fire. */
async function asAnyWriter(
  client: pg.Client,
  key: WatchedKey,
  work: () => Promise<unknown>,
): Promise<void> {
  await client.query('SET LOCAL session_replication_role = origin');
  try {
    await work();
  } catch (error) {
    if (codeOf(error) !== FENCE_REFUSED) throw error;
    throw refusal(key, error);
  }
  await client.query('SET LOCAL session_replication_role = replica');
}

const refusal = (key: WatchedKey, cause?: unknown): StranglerError =>
  new StranglerError('APPLY_FAILED', leavesNothing(key), {
    cause,
    details: { data: true, foreignKey: key.name },
  });
