import type { Side } from '@strangler-toolkit/plan';
import type { Ledger } from './ledger.ts';

/** Upper bounds in milliseconds, as the control schema says; the last bucket is everything above. */
export const latencyBounds = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000,
] as const;

export interface RouteStat {
  readonly context: string;
  readonly route: string;
  readonly side: Side;
  /** ISO, whole second. */
  readonly second: string;
  requests: number;
  errors: number;
  readonly latency_buckets: number[];
}

export const bucketOf = (milliseconds: number): number => {
  const index = latencyBounds.findIndex((bound) => milliseconds <= bound);
  return index === -1 ? latencyBounds.length : index;
};

export const routeStatKey = (stat: RouteStat): string =>
  `${stat.context}\n${stat.route}\n${stat.side}\n${stat.second}`;

export function addRouteStats(into: RouteStat, more: RouteStat): void {
  into.requests += more.requests;
  into.errors += more.errors;
  for (const [index, count] of more.latency_buckets.entries())
    into.latency_buckets[index] = (into.latency_buckets[index] ?? 0) + count;
}

/** Notes one answered (or failed) try of a side. */
export function noteTry(
  ledger: Ledger<RouteStat>,
  input: {
    context: string;
    route: string;
    side: Side;
    milliseconds: number;
    error: boolean;
    now: number;
  },
): void {
  const latency_buckets = Array.from({ length: latencyBounds.length + 1 }, () => 0);
  latency_buckets[bucketOf(input.milliseconds)] = 1;
  const second = new Date(Math.floor(input.now / 1_000) * 1_000).toISOString();
  ledger.add({
    context: input.context,
    route: input.route,
    side: input.side,
    second,
    requests: 1,
    errors: input.error ? 1 : 0,
    latency_buckets,
  });
}

export const routeStatsSql = `
  INSERT INTO strangler_control.route_stats AS known (context, route, side, second, requests, errors, latency_buckets)
  SELECT context, route, side, second, requests, errors, latency_buckets
    FROM jsonb_to_recordset($1::jsonb) AS told (context text, route text, side text, second timestamptz, requests bigint, errors bigint, latency_buckets bigint[])
   ORDER BY 1, 2, 3, 4
  ON CONFLICT (context, route, side, second) DO UPDATE SET
    requests = known.requests + EXCLUDED.requests,
    errors = known.errors + EXCLUDED.errors,
    latency_buckets = (SELECT array_agg(a + b ORDER BY n) FROM unnest(known.latency_buckets, EXCLUDED.latency_buckets) WITH ORDINALITY AS both_sides (a, b, n))`;
