import type pg from 'pg';
import { type FenceMark, nextMark, openings } from './fence-openings.ts';
import { hasTable } from './schema.ts';

/** How a fence was stepped round since it was set. */
export interface FenceOpenings {
  /** When it was set. */
  readonly since: string;
  /** How often somebody was found to have opened it: between two looks it may have been more. */
  readonly opened: number;
  /** The last time, one line for each table. */
  readonly noticed: readonly string[];
  readonly noticedAt: string | null;
}

interface Seen {
  readonly told: FenceOpenings;
  /** As stored; undefined: nobody wrote one down. */
  readonly mark: string | undefined;
  /** The same, read; null: the fence is lifted. */
  readonly was: FenceMark | null | undefined;
  readonly now: FenceMark;
  /** Not counted yet. */
  readonly fresh: readonly string[];
}

/**
 * What was written down and what is there, in one snapshot: a move between two questions would look like somebody's hand. Lifted
 * triggers count where they were marked, that is where somebody switched them off.
 */
const look = `
WITH stored AS (SELECT * FROM strangler.fence_marks WHERE context = $1),
refuses AS (
  SELECT p.oid, p.xmin::text AS version, concat_ws(' ', proowner, proacl::text) AS rights,
         md5(concat_ws(' ', prosrc, proconfig::text, prosecdef, prolang)) AS body
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE n.nspname = 'strangler' AND p.proname = 'fence_refuse'
), triggers AS (
  SELECT t.oid::text AS id, format('%I.%I', n.nspname, c.relname) AS "table", t.xmin::text AS version,
         t.tgenabled::text AS enabled, t.tgparentid <> 0 AS clone
    -- by the index of what hangs on the function: there are catalogs with hundreds of thousands of triggers
    FROM refuses JOIN pg_depend d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = refuses.oid AND d.classid = 'pg_trigger'::regclass
    JOIN pg_trigger t ON t.oid = d.objid AND t.tgfoid = refuses.oid
    JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE split_part(encode(t.tgargs, 'escape'), '\\000', 1) = $1
)
SELECT (SELECT mark::text FROM stored) AS mark,
  (SELECT opened::text FROM stored) AS opened,
  (SELECT to_json(noticed)::text FROM stored) AS noticed,
  (SELECT to_json(noticed_at) #>> '{}' FROM stored) AS "noticedAt",
  (SELECT to_json(set_at) #>> '{}' FROM stored) AS since,
  json_build_object(
    'system', (SELECT system_identifier::text FROM pg_control_system()),
    'refuses', (SELECT json_build_object('version', version, 'rights', rights, 'body', body) FROM refuses),
    'triggers', coalesce((SELECT json_agg(triggers ORDER BY id::oid) FROM triggers), '[]'))::text AS now,
  (SELECT coalesce(json_agg(was."table"), '[]')::text FROM stored
     CROSS JOIN jsonb_to_recordset(coalesce(stored.mark -> 'triggers', '[]')) AS was ("table" text)
     WHERE to_regclass(was."table") IS NOT NULL) AS there`;

async function see(client: pg.ClientBase, context: string): Promise<Seen> {
  // by its name: a worker looks every second, and the server needs longer to plan this than to answer
  const { rows } = await client.query<Record<string, string | null>>({
    name: 'strangler_look_at_fence',
    text: look,
    values: [context],
  });
  const row = rows[0] ?? {};
  const now = JSON.parse(row.now ?? '') as FenceMark;
  const mark = row.mark ?? undefined;
  const was = mark === undefined ? undefined : (JSON.parse(mark) as FenceMark | null);
  const there = new Set(JSON.parse(row.there ?? '[]') as string[]);
  return {
    mark,
    was,
    now,
    fresh: was === undefined || was === null ? [] : openings(was, now, (table) => there.has(table)),
    told: {
      since: row.since ?? '',
      opened: Number(row.opened ?? 0),
      noticed: JSON.parse(row.noticed ?? '[]') as string[],
      noticedAt: row.noticedAt ?? null,
    },
  };
}

/** Changes nothing: what nobody counted yet is counted in the answer. Undefined: no fence of this release stands here. */
export async function readOpenings(
  client: pg.ClientBase,
  context: string,
): Promise<FenceOpenings | undefined> {
  if (!(await hasTable(client, 'fence_marks'))) return undefined;
  const { was, told, fresh } = await see(client, context);
  if (!was) return undefined;
  return fresh.length === 0
    ? told
    : { ...told, opened: told.opened + 1, noticed: fresh, noticedAt: null };
}

export interface Noticed {
  /** A fence of an earlier release stood here: from now on it is known what it was. */
  readonly begun: boolean;
  /** What is counted now and was not. */
  readonly fresh: readonly string[];
  /** What was switched off when somebody looked before, and still is. */
  readonly off: readonly string[];
}

const counting = (lines: string): string =>
  `opened = opened + CASE WHEN ${lines}::text[] = '{}' THEN 0 ELSE 1 END,
   noticed = CASE WHEN ${lines}::text[] = '{}' THEN noticed ELSE ${lines} END,
   noticed_at = CASE WHEN ${lines}::text[] = '{}' THEN noticed_at ELSE clock_timestamp() END`;

/** Counts what happened to the fence, so that the next time is told from this one. Whoever was faster has counted it. */
export async function noticeOpenings(client: pg.ClientBase, context: string): Promise<Noticed> {
  const { mark, was, now, fresh } = await see(client, context);
  const present = nextMark(now, was ?? undefined);
  const nothing = { begun: false, fresh: [], off: [] };
  if (mark === undefined || !was) {
    if (present.triggers.length === 0) return nothing;
    const { rowCount } = await client.query(
      `INSERT INTO strangler.fence_marks AS known (context, mark) VALUES ($1, $2)
       ON CONFLICT (context) DO UPDATE
         SET mark = excluded.mark, opened = 0, noticed = '{}', noticed_at = NULL, set_at = excluded.set_at
       WHERE known.mark = 'null'`,
      [context, JSON.stringify(present)],
    );
    return { ...nothing, begun: rowCount === 1 };
  }
  const off = was.triggers.filter(({ enabled }) => enabled === 'D');
  const { rowCount } = await client.query(
    `UPDATE strangler.fence_marks SET mark = $3, ${counting('$4')}
      WHERE context = $1 AND mark = $2::jsonb AND mark <> $3::jsonb`,
    [context, mark, JSON.stringify(present), fresh],
  );
  return {
    begun: false,
    fresh: rowCount === 1 ? fresh : [],
    off: off.map(({ table }) => `the fence of ${table} was switched off until it was set anew`),
  };
}

/**
 * Around the work of whoever sets or lifts a fence, in its transaction: first what happened until now is counted, then what is there
 * is what counts. One that was lifted before begins to count anew; one that somebody took away by hand does not.
 */
export async function markingFence(
  client: pg.ClientBase,
  { context, lifts }: { readonly context: string; readonly lifts: boolean },
  work: () => Promise<void>,
): Promise<void> {
  // What an earlier release began is brought to its end without.
  if (!(await hasTable(client, 'fence_marks'))) return work();
  await client.query('SELECT FROM strangler.fence_marks WHERE context = $1 FOR UPDATE', [context]);
  const { off } = await noticeOpenings(client, context);
  await work();
  if (lifts) return lift(client, context);
  const { now } = await see(client, context);
  await client.query(
    `INSERT INTO strangler.fence_marks (context, mark) VALUES ($1, 'null') ON CONFLICT DO NOTHING`,
    [context],
  );
  await client.query(
    `UPDATE strangler.fence_marks SET opened = 0, noticed = '{}', noticed_at = NULL, set_at = clock_timestamp()
      WHERE context = $1 AND mark = 'null'`,
    [context],
  );
  await client.query(
    `UPDATE strangler.fence_marks SET mark = $2, ${counting('$3')} WHERE context = $1`,
    [context, JSON.stringify(nextMark(now)), off],
  );
}

/** Nothing is to be held: until it is set again nobody opens it. */
const lift = async (client: pg.ClientBase, context: string): Promise<void> =>
  void (await client.query(`UPDATE strangler.fence_marks SET mark = 'null' WHERE context = $1`, [
    context,
  ]));

export const forgetMarks = (client: pg.ClientBase, context: string): Promise<unknown> =>
  client.query('DELETE FROM strangler.fence_marks WHERE context = $1', [context]);
