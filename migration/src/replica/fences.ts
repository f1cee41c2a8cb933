import type { Side } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { quoteLiteral, type TableName } from '../database/identifiers.ts';
import { makeCounters } from './refusal-counters.ts';
import { installReplicaSchema } from './schema.ts';

/** `refuse` raises SQLSTATE SF001; `audit` records the writer in strangler.stray_writes and lets the write pass. */
export type FenceMode = 'refuse' | 'audit';

/** SQLSTATE of a write that a fence refused. */
export const FENCE_REFUSED = 'SF001';

/** Makes everything that fences on these tables need in a data database; cheap when it is there already. */
export async function installFenceSchema(
  client: pg.Client,
  context: string,
  tables: readonly TableName[] = [],
): Promise<void> {
  await installReplicaSchema(client, 'fences');
  await makeCounters(client, context, tables);
}

export interface FenceRule {
  readonly context: string;
  /** Who owns the data while the fence stands: named to whoever is refused. */
  readonly owner: Side;
  readonly mode: FenceMode;
  /** Of the owner: what an audit fence logs is told by it. */
  readonly epoch?: number | undefined;
}

/** What a trigger of a fence does. */
export const fenceAction = (fence: FenceRule): string =>
  `EXECUTE FUNCTION strangler.fence_${fence.mode}(${[
    fence.context,
    fence.owner,
    ...(fence.mode === 'audit' && fence.epoch !== undefined ? [String(fence.epoch)] : []),
  ]
    .map(quoteLiteral)
    .join(', ')})`;

/** A session that applies: triggers, foreign keys and fences let it pass. `local`: until its transaction ends. */
export const applying = ({ local = false } = {}): string => {
  const set = local ? 'SET LOCAL' : 'SET';
  return `${set} session_replication_role = replica; ${set} strangler.applying = 'on'`;
};

/** A session that copies: what is kept of the rows that it writes is made once, behind the last of them. */
export const copying = (): string => `${applying()}; SET strangler.copying = 'on'`;

/** A move that tries its own fence says so, and is not counted among the refused. */
export async function tryingFence<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query(`SET strangler.trying_fence = 'on'`);
  const result = await work();
  await client.query('RESET strangler.trying_fence');
  return result;
}

export interface FenceTriggers {
  readonly table: { readonly schema: string; readonly table: string };
  readonly triggers: readonly string[];
  readonly mode: FenceMode;
  readonly owner: string;
  /** That an audit fence writes down; '' where it knows none. */
  readonly epoch: string;
  /** Sessions in replica role are refused as well, but for those that apply. */
  readonly always: boolean;
}

/** Tables with triggers of this context's fence; lifted ones are disabled and count only when asked for. */
export async function readFenceTriggers(
  client: pg.Client,
  context: string,
  { includeLifted = false }: { includeLifted?: boolean | undefined } = {},
): Promise<FenceTriggers[]> {
  const { rows } = await client.query<{
    schema: string;
    table: string;
    triggers: string;
    mode: string;
    owner: string;
    epoch: string;
    always: string;
  }>(
    `SELECT n.nspname AS schema, c.relname AS table,
       string_agg(DISTINCT t.tgname, ',' ORDER BY t.tgname) AS triggers,
       max(p.proname) FILTER (WHERE t.tgname = 'strangler_fence') AS mode,
       max(split_part(encode(t.tgargs, 'escape'), '\\000', 2)) FILTER (WHERE t.tgname = 'strangler_fence') AS owner,
       max(split_part(encode(t.tgargs, 'escape'), '\\000', 3)) FILTER (WHERE t.tgname = 'strangler_fence') AS epoch,
       bool_and(t.tgenabled = 'A') FILTER (WHERE t.tgname = 'strangler_fence')::text AS always
     FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace pn ON pn.oid = p.pronamespace
       JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE pn.nspname = 'strangler' AND p.proname IN ('fence_refuse', 'fence_audit') AND t.tgparentid = 0
       AND split_part(encode(t.tgargs, 'escape'), '\\000', 1) = $1 AND ($2 OR t.tgenabled IN ('O', 'A'))
     GROUP BY 1, 2 ORDER BY 1, 2`,
    [context, includeLifted],
  );
  return rows.map((row) => ({
    table: { schema: row.schema, table: row.table },
    triggers: row.triggers.split(','),
    mode: row.mode === 'fence_audit' ? 'audit' : 'refuse',
    owner: row.owner,
    epoch: row.epoch ?? '',
    always: row.always === 'true',
  }));
}

/** What fires for rows alone lets TRUNCATE pass, and whoever is in replica role. */
export const isWhole = ({ triggers }: FenceTriggers): boolean =>
  triggers.includes('strangler_fence');

/**
 * Changes with every change of the context's fence here, also with one that was taken back: who opens a fence with DISABLE
 * TRIGGER, or gives it another function, and closes it again leaves other rows of the catalog behind.
 */
export async function fenceMark(client: pg.Client, context: string): Promise<string> {
  const { rows } = await client.query<{ mark: string }>(
    `SELECT md5(coalesce(string_agg(concat_ws(' ', t.oid, t.tgenabled, t.xmin, p.xmin), ',' ORDER BY t.oid), '')) AS mark
     FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace pn ON pn.oid = p.pronamespace
     WHERE pn.nspname = 'strangler' AND p.proname IN ('fence_refuse', 'fence_audit')
       AND split_part(encode(t.tgargs, 'escape'), '\\000', 1) = $1`,
    [context],
  );
  return rows[0]?.mark ?? '';
}
