/** Numbers that facades add up and send: each statement takes one parameter, a JSON array of the rows. */

const routeStats = (more: readonly string[]): string => {
  const counts = ['requests', 'errors', ...more];
  const columns = `context, route, side, second, ${counts.join(', ')}, latency_buckets`;
  return `
  INSERT INTO strangler_control.route_stats AS known
    (${columns})
  SELECT ${columns}
    FROM jsonb_to_recordset($1::jsonb) AS told
      (context text, route text, side text, second timestamptz,
       ${counts.map((count) => `${count} bigint`).join(', ')}, latency_buckets bigint[])
   ORDER BY 1, 2, 3, 4
  ON CONFLICT (context, route, side, second) DO UPDATE SET
    ${counts.map((count) => `${count} = known.${count} + EXCLUDED.${count},`).join('\n    ')}
    latency_buckets = (SELECT array_agg(a + b ORDER BY n)
      FROM unnest(known.latency_buckets, EXCLUDED.latency_buckets) WITH ORDINALITY AS both_sides (a, b, n))`;
};

/** Requests, errors, refusals and latencies per route, side and second. */
export const addRouteStats = routeStats(['refused']);
/** For the control schema of a release that did not count refusals. */
export const addRouteStatsBefore0006 = routeStats([]);

/** Two days of them stay. */
export const forgetOldRouteStats = `
  DELETE FROM strangler_control.route_stats WHERE second < clock_timestamp() - interval '2 days'`;

/** Who asked, per context and hour; `seen` and `shares` are marks as hexadecimal digits. */
export const addIdentitiesSeen = `
  INSERT INTO strangler_control.identities_seen AS known (context, hour, requests, anonymous, seen, shares)
  SELECT context, hour, requests, anonymous, ('x' || seen)::bit(4096), ('x' || shares)::bit(100)
    FROM jsonb_to_recordset($1::jsonb) AS told
      (context text, hour timestamptz, requests bigint, anonymous bigint, seen text, shares text)
   ORDER BY 1, 2
  ON CONFLICT (context, hour) DO UPDATE SET
    requests = known.requests + EXCLUDED.requests,
    anonymous = known.anonymous + EXCLUDED.anonymous,
    seen = known.seen | EXCLUDED.seen,
    shares = known.shares | EXCLUDED.shares`;

/** A week of them stays. */
export const forgetOldIdentities = `
  DELETE FROM strangler_control.identities_seen WHERE hour < clock_timestamp() - interval '7 days'`;

export const addShadowCounts = `
  INSERT INTO strangler_control.shadow_counts AS known (context, route, outcome, epoch, count)
  SELECT context, route, outcome, epoch, count
    FROM jsonb_to_recordset($1::jsonb) AS told (context text, route text, outcome text, epoch bigint, count bigint)
   ORDER BY 1, 2, 3, 4
  ON CONFLICT (context, route, outcome, epoch) DO UPDATE SET count = known.count + EXCLUDED.count`;

export const addShadowSamples = `
  INSERT INTO strangler_control.shadow_samples (context, route, outcome, detail)
  SELECT context, route, outcome, detail
    FROM jsonb_to_recordset($1::jsonb) AS told (context text, route text, outcome text, detail jsonb)`;

/** The newest hundred of each route and outcome stay, and none longer than a week. */
export const forgetOldShadowSamples = `
  DELETE FROM strangler_control.shadow_samples
   WHERE at < clock_timestamp() - interval '7 days'
      OR id IN (SELECT id FROM (
           SELECT id, row_number() OVER (PARTITION BY context, route, outcome ORDER BY id DESC) AS n
             FROM strangler_control.shadow_samples) ranked
          WHERE n > 100)`;

/** Requests that no context claims, per day, method and path without identifiers. */
export const addUnclaimed = `
  INSERT INTO strangler_control.unclaimed_requests AS known (day, method, path, requests, last_at)
  SELECT current_date, method, path, requests, clock_timestamp()
    FROM jsonb_to_recordset($1::jsonb) AS told (method text, path text, requests bigint)
   ORDER BY method, path
  ON CONFLICT (day, method, path) DO UPDATE SET
    requests = known.requests + EXCLUDED.requests,
    last_at = EXCLUDED.last_at`;

/** A week of them stays, and of each day the five hundred that were asked most. */
export const forgetOldUnclaimed = `
  DELETE FROM strangler_control.unclaimed_requests known
   WHERE day <= current_date - 7
      OR (day, method, path) IN (SELECT day, method, path FROM (
           SELECT day, method, path, row_number() OVER (PARTITION BY day ORDER BY requests DESC, last_at DESC) AS n
             FROM strangler_control.unclaimed_requests) ranked
          WHERE n > 500)`;

/** When facades sent writes to the monolith, claimed or not: a fence in audit mode is held against it. */
export const addWriteWindows = `
  INSERT INTO strangler_control.write_windows
    (facade, method, path, context, route, started_at, ended_at, requests, traces)
  SELECT facade, method, path, context, route, to_timestamp(started / 1000), to_timestamp(ended / 1000), requests, traces
    FROM jsonb_to_recordset($1::jsonb) AS told
      (facade text, method text, path text, context text, route text, started float8, ended float8, requests bigint, traces text[])`;

/**
 * Whether a fence in audit mode stands somewhere, as the journal tells it: reads are told of meanwhile only, into the same
 * table. A flip of ownership takes the fence along.
 */
export const auditStands = `
  SELECT EXISTS (
    SELECT FROM (SELECT DISTINCT ON (context) context, step, at FROM strangler_control.journal
                  WHERE step IN ('fence-audit-on', 'fence-audit-off') AND status = 'done'
                  ORDER BY context, id DESC) newest
      LEFT JOIN strangler_control.contexts known USING (context)
     WHERE step = 'fence-audit-on'
       AND coalesce(owner = 'monolith' AND (epoch = 1 OR at > owned_since), true)) AS stands`;

/** So many windows of each method, path and context stay, and so many in all. */
export const writeWindowsOfPath = 1_000;
const writeWindowsOfAll = 20_000;

/** None stays longer than a day; reads, which are many, go before writes. */
export const forgetOldWriteWindows = `
  DELETE FROM strangler_control.write_windows
   WHERE ended_at < clock_timestamp() - interval '1 day'
      OR id IN (SELECT id FROM (
           SELECT id, row_number() OVER (PARTITION BY method, path, context ORDER BY id DESC) AS of_path,
                  row_number() OVER (ORDER BY method IN ('GET', 'HEAD', 'OPTIONS'), id DESC) AS of_all
             FROM strangler_control.write_windows) ranked
          WHERE of_path > ${writeWindowsOfPath} OR of_all > ${writeWindowsOfAll})`;

/** Forms of answers that were compared, each once; no value of them. */
export const addAnswerForms = `
  INSERT INTO strangler_control.answer_forms AS known (context, route, hash, answers, last_at, detail)
  SELECT context, route, hash, answers, clock_timestamp(), detail
    FROM jsonb_to_recordset($1::jsonb) AS told (context text, route text, hash text, answers bigint, detail jsonb)
   ORDER BY context, route, hash
  ON CONFLICT (context, route, hash) DO UPDATE SET
    answers = known.answers + EXCLUDED.answers,
    last_at = EXCLUDED.last_at`;

/** The newest hundred of each route stay, and none that was not seen for a month. */
export const forgetOldAnswerForms = `
  DELETE FROM strangler_control.answer_forms AS known USING (
    SELECT context, route, hash, row_number() OVER (PARTITION BY context, route ORDER BY last_at DESC, hash) AS n
      FROM strangler_control.answer_forms) ranked
   WHERE (known.context, known.route, known.hash) = (ranked.context, ranked.route, ranked.hash)
     AND (ranked.n > 100 OR known.last_at < clock_timestamp() - interval '30 days')`;
