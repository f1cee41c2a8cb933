import { bucketOf, LATENCY_BOUNDS, type Side } from '@strangler-toolkit/plan';
import type { Ledger } from './ledger.ts';

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
  const latency_buckets = Array.from({ length: LATENCY_BOUNDS.length }, () => 0);
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
