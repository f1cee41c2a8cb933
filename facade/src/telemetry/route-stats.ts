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

export const routeStatKey = (
  stat: Pick<RouteStat, 'context' | 'route' | 'side' | 'second'>,
): string => `${stat.context}\n${stat.route}\n${stat.side}\n${stat.second}`;

export function addRouteStats(into: RouteStat, more: RouteStat): void {
  into.requests += more.requests;
  into.errors += more.errors;
  for (const [index, count] of more.latency_buckets.entries())
    into.latency_buckets[index] = (into.latency_buckets[index] ?? 0) + count;
}

let latest = { second: Number.NaN, text: '' };

/** Written out once a second, not once a request. */
function wholeSecond(now: number): string {
  const second = Math.floor(now / 1_000);
  if (latest.second !== second) latest = { second, text: new Date(second * 1_000).toISOString() };
  return latest.text;
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
  const { context, route, side, milliseconds, error, now } = input;
  const bucket = bucketOf(milliseconds);
  const second = wholeSecond(now);
  const known = ledger.get(routeStatKey({ context, route, side, second }));
  if (known) {
    known.requests++;
    if (error) known.errors++;
    known.latency_buckets[bucket] = (known.latency_buckets[bucket] ?? 0) + 1;
    return;
  }
  const latency_buckets = Array.from({ length: LATENCY_BOUNDS.length }, () => 0);
  latency_buckets[bucket] = 1;
  ledger.add({ context, route, side, second, requests: 1, errors: error ? 1 : 0, latency_buckets });
}
