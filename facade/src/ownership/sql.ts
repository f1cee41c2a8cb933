import type pg from 'pg';

type Queryable = Pick<pg.Client, 'query'>;

/** The whole table, with how long holds still last by the clock that set them. */
export async function readOwners(client: Queryable): Promise<{ now: number; rows: unknown[] }> {
  const { rows } = await client.query(`
    SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now,
           context, data_kind AS "dataKind", stage, owner, epoch::text, hold_id AS "holdId",
           extract(epoch FROM hold_until - clock_timestamp()) * 1000 AS "holdLeftMs"
      FROM (SELECT 1) one LEFT JOIN strangler_control.contexts ON true`);
  const first: unknown = rows[0]?.now;
  return { now: Number(first), rows: rows.filter((row) => row.context !== null) };
}

export async function registerInstance(
  client: Queryable,
  instanceId: string,
  name: string,
  detail: Record<string, unknown>,
): Promise<void> {
  await client.query(
    `INSERT INTO strangler_control.instances (instance_id, name, detail) VALUES ($1, $2, $3)
     ON CONFLICT (instance_id) DO UPDATE SET heartbeat_at = clock_timestamp()`,
    [instanceId, name, JSON.stringify(detail)],
  );
}

export async function forgetInstance(client: Queryable, instanceId: string): Promise<void> {
  await client.query('DELETE FROM strangler_control.instances WHERE instance_id = $1', [
    instanceId,
  ]);
}

export interface Acknowledgement {
  readonly instanceId: string;
  readonly context: string;
  readonly epoch: bigint;
  readonly holdId: string | null;
  readonly drained: boolean;
}
export async function acknowledge(
  client: Queryable,
  { instanceId, context, epoch, holdId, drained }: Acknowledgement,
): Promise<void> {
  await client.query(
    `INSERT INTO strangler_control.instance_contexts (instance_id, context, epoch, hold_id, drained) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (instance_id, context) DO UPDATE
        SET epoch = EXCLUDED.epoch, hold_id = EXCLUDED.hold_id, drained = EXCLUDED.drained, at = clock_timestamp()`,
    [instanceId, context, String(epoch), holdId, drained],
  );
}

/** Upserted in one order, so that two facades never wait for each other in a circle. */
export async function writePins(
  client: Queryable,
  contexts: readonly string[],
  identities: readonly string[],
): Promise<void> {
  await client.query(
    `INSERT INTO strangler_control.pins AS known (context, identity)
     SELECT DISTINCT context, identity FROM unnest($1::text[], $2::text[]) AS asked (context, identity) ORDER BY 1, 2
     ON CONFLICT (context, identity) DO UPDATE SET pinned_at = greatest(known.pinned_at, clock_timestamp())`,
    [contexts, identities],
  );
}

/** Pins that the stream has passed say nothing any more. */
export async function deletePassedPins(client: Queryable): Promise<void> {
  await client.query(`
    DELETE FROM strangler_control.pins p
     USING strangler_control.contexts c JOIN strangler_control.watermarks w
        ON w.context = c.context AND w.epoch = c.epoch AND w.direction = CASE c.owner WHEN 'monolith' THEN 'forward' ELSE 'reverse' END
     WHERE p.context = c.context AND p.pinned_at < w.applied_at`);
}

export interface FreshnessRow {
  readonly n: number;
  readonly owner: 'monolith' | 'service' | null;
  readonly epoch: string | null;
  readonly fresh: boolean;
}
/** One answer per question: does the side that does not own the data have everything this reader wrote? */
export async function readFreshness(
  client: Queryable,
  contexts: readonly string[],
  identities: readonly string[],
  floor: string,
): Promise<FreshnessRow[]> {
  const { rows } = await client.query<FreshnessRow>({
    name: 'freshness',
    text: `
    SELECT asked.n::int, c.owner, c.epoch::text,
           coalesce(w.applied_at >= $3::timestamptz
                    AND NOT EXISTS (SELECT 1 FROM strangler_control.pins p
                                     WHERE p.context = asked.context AND p.identity IN (asked.identity, '*') AND p.pinned_at > w.applied_at), false) AS fresh
      FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked (context, identity, n)
      LEFT JOIN strangler_control.contexts c ON c.context = asked.context
      LEFT JOIN strangler_control.watermarks w
        ON w.context = c.context AND w.epoch = c.epoch AND w.direction = CASE c.owner WHEN 'monolith' THEN 'forward' ELSE 'reverse' END`,
    values: [contexts, identities, floor],
  });
  return rows;
}

export async function controlClock(client: Queryable): Promise<string> {
  const { rows } = await client.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
  return rows[0]?.now ?? 'infinity';
}

export async function watermarkPassed(
  client: Queryable,
  context: string,
  moment: string,
): Promise<boolean> {
  const { rows } = await client.query<{ passed: boolean }>(
    `SELECT true AS passed FROM strangler_control.contexts c JOIN strangler_control.watermarks w
         ON w.context = c.context AND w.epoch = c.epoch AND w.direction = CASE c.owner WHEN 'monolith' THEN 'forward' ELSE 'reverse' END
      WHERE c.context = $1 AND w.applied_at >= $2::timestamptz`,
    [context, moment],
  );
  return rows.length > 0;
}
