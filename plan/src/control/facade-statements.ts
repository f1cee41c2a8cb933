import type { InstanceDetail } from './instance-detail.ts';

/** A statement of the control database's protocol, as PostgreSQL takes it. Whoever sends it brings the connection. */
export interface Statement {
  /** Prepared under this name, where it is sent often. */
  readonly name?: string;
  readonly text: string;
  readonly values: unknown[];
}

/** A facade that was gone for longer is forgotten: an instance that was killed cannot take its own row away. */
export const INSTANCE_FORGOTTEN_SECONDS = 3_600;

/** The watermark of the direction that streams now: away from the owner, in this epoch. */
const runningWatermark = `
  w.context = c.context AND w.epoch = c.epoch
  AND w.direction = CASE c.owner WHEN 'monolith' THEN 'forward' ELSE 'reverse' END`;

/** The whole table of owners, with how long holds still last by the clock that set them; one row of nulls when it is empty. */
export const readOwnersStatement = (): Statement => ({
  text: `
    SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now,
           context, data_kind AS "dataKind", stage, owner, epoch::text, hold_id AS "holdId",
           extract(epoch FROM hold_until - clock_timestamp()) * 1000 AS "holdLeftMs"
      FROM (SELECT 1) one LEFT JOIN strangler_control.contexts ON true`,
  values: [],
});

/** Registers an instance, or says that it is alive and what it tells of itself. */
export const registerInstanceStatement = (
  instanceId: string,
  name: string,
  detail: InstanceDetail,
): Statement => ({
  text: `
    WITH forgotten AS (
      DELETE FROM strangler_control.instances
       WHERE heartbeat_at < clock_timestamp() - $4 * interval '1 second' AND instance_id <> $1
    )
    INSERT INTO strangler_control.instances (instance_id, name, detail) VALUES ($1, $2, $3)
    ON CONFLICT (instance_id) DO UPDATE SET heartbeat_at = clock_timestamp(), detail = EXCLUDED.detail`,
  values: [instanceId, name, JSON.stringify(detail), INSTANCE_FORGOTTEN_SECONDS],
});

export const forgetInstanceStatement = (instanceId: string): Statement => ({
  text: 'DELETE FROM strangler_control.instances WHERE instance_id = $1',
  values: [instanceId],
});

export interface Acknowledgement {
  readonly instanceId: string;
  readonly context: string;
  readonly epoch: bigint;
  readonly holdId: string | null;
  readonly drained: boolean;
}

export const acknowledgeStatement = (told: Acknowledgement): Statement => ({
  text: `
    INSERT INTO strangler_control.instance_contexts (instance_id, context, epoch, hold_id, drained)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (instance_id, context) DO UPDATE
      SET epoch = EXCLUDED.epoch, hold_id = EXCLUDED.hold_id, drained = EXCLUDED.drained, at = clock_timestamp()`,
  values: [told.instanceId, told.context, String(told.epoch), told.holdId, told.drained],
});

/** Upserted in one order, so that two facades never wait for each other in a circle. */
export const writePinsStatement = (
  contexts: readonly string[],
  identities: readonly string[],
): Statement => ({
  text: `
    INSERT INTO strangler_control.pins AS known (context, identity)
    SELECT DISTINCT context, identity FROM unnest($1::text[], $2::text[]) AS asked (context, identity) ORDER BY 1, 2
    ON CONFLICT (context, identity) DO UPDATE SET pinned_at = greatest(known.pinned_at, clock_timestamp())`,
  values: [contexts, identities],
});

/** What one identity is pinned to, another is as well: from the moment of the write, not from now. */
export const carryPinsStatement = (
  contexts: readonly string[],
  from: readonly string[],
  to: readonly string[],
): Statement => ({
  text: `
    INSERT INTO strangler_control.pins AS known (context, identity, pinned_at)
    SELECT p.context, asked.target, max(p.pinned_at)
      FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (context, source, target)
      JOIN strangler_control.pins p ON p.context = asked.context AND p.identity = asked.source
     WHERE asked.source <> asked.target
     GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (context, identity) DO UPDATE SET pinned_at = greatest(known.pinned_at, EXCLUDED.pinned_at)`,
  values: [contexts, from, to],
});

/** Pins that the stream has passed say nothing any more. */
export const deletePassedPinsStatement = (): Statement => ({
  text: `
    DELETE FROM strangler_control.pins p
     USING strangler_control.contexts c JOIN strangler_control.watermarks w ON ${runningWatermark}
     WHERE p.context = c.context AND p.pinned_at < w.applied_at`,
  values: [],
});

export interface FreshnessRow {
  readonly n: number;
  readonly owner: 'monolith' | 'service' | null;
  readonly epoch: string | null;
  readonly fresh: boolean;
  /** Age of the watermark, milliseconds; null: there is none in this epoch. */
  readonly behindMs: number | null;
}

/**
 * One answer per question: does the side that does not own the data have everything this reader wrote? A question's identities
 * are separated by commas. The watermark passes dead letters, and whose writes those are nobody knows: while there are any,
 * nobody's are there.
 */
export const readFreshnessStatement = (
  contexts: readonly string[],
  identities: readonly string[],
  floor: string,
): Statement => ({
  name: 'freshness',
  text: `
    SELECT asked.n::int, c.owner, c.epoch::text,
           coalesce(w.applied_at >= $3::timestamptz
                    AND coalesce((w.detail ->> 'deadLetters')::bigint, 0) = 0
                    AND NOT EXISTS (SELECT 1 FROM strangler_control.pins p
                                     WHERE p.context = asked.context AND p.identity = ANY (string_to_array(asked.identities || ',*', ','))
                                       AND p.pinned_at > w.applied_at), false) AS fresh,
           (extract(epoch FROM clock_timestamp() - w.applied_at) * 1000)::float8 AS "behindMs"
      FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked (context, identities, n)
      LEFT JOIN strangler_control.contexts c ON c.context = asked.context
      LEFT JOIN strangler_control.watermarks w ON ${runningWatermark}`,
  values: [contexts, identities, floor],
});

/** Pins that the stream has not passed: how many, and the newest of these identities or of nobody known. */
export const standingPinsStatement = (
  context: string,
  identities: readonly string[],
): Statement => ({
  text: `
    SELECT count(p.identity)::int AS count,
           max(p.pinned_at) FILTER (WHERE p.identity = ANY ($2::text[] || '*'::text)) AS since,
           coalesce(bool_or(w.applied_at IS NOT NULL), false) AS streams
      FROM strangler_control.contexts c
      LEFT JOIN strangler_control.watermarks w ON ${runningWatermark}
      LEFT JOIN strangler_control.pins p
        ON p.context = c.context AND (w.applied_at IS NULL OR p.pinned_at > w.applied_at)
     WHERE c.context = $1`,
  values: [context, identities],
});

export const controlClockStatement = (): Statement => ({
  text: 'SELECT clock_timestamp()::text AS now',
  values: [],
});

/** Who owns a context at this moment, and whether its writes are held; no row: nobody knows the context. */
export const ownerNowStatement = (context: string): Statement => ({
  text: `
    SELECT owner, epoch::text, coalesce(hold_until > clock_timestamp(), false) AS held
      FROM strangler_control.contexts WHERE context = $1`,
  values: [context],
});

/** One row when the watermark of the context has passed the moment, none before. */
export const watermarkPassedStatement = (context: string, moment: string): Statement => ({
  text: `
    SELECT true AS passed
      FROM strangler_control.contexts c JOIN strangler_control.watermarks w ON ${runningWatermark}
     WHERE c.context = $1 AND w.applied_at >= $2::timestamptz`,
  values: [context, moment],
});
