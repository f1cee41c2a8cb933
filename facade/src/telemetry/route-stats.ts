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
  /** Answered with 4xx. */
  refused: number;
  readonly latency_buckets: number[];
}

export const routeStatKey = (
  stat: Pick<RouteStat, 'context' | 'route' | 'side' | 'second'>,
): string => `${stat.context}\n${stat.route}\n${stat.side}\n${stat.second}`;

export function addRouteStats(into: RouteStat, more: RouteStat): void {
  into.requests += more.requests;
  into.errors += more.errors;
  into.refused += more.refused;
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

/** Notes one try of a side, answered with `status` or not at all. */
export function noteTry(
  ledger: Ledger<RouteStat>,
  input: {
    context: string;
    route: string;
    side: Side;
    milliseconds: number;
    status: number | undefined;
    now: number;
  },
): void {
  const { context, route, side, milliseconds, status, now } = input;
  const errors = status === undefined || status >= 500 ? 1 : 0;
  const refused = errors === 0 && status !== undefined && status >= 400 ? 1 : 0;
  const bucket = bucketOf(milliseconds);
  const second = wholeSecond(now);
  const known = ledger.get(routeStatKey({ context, route, side, second }));
  if (known) {
    known.requests++;
    known.errors += errors;
    known.refused += refused;
    known.latency_buckets[bucket] = (known.latency_buckets[bucket] ?? 0) + 1;
    return;
  }
  const latency_buckets = Array.from({ length: LATENCY_BOUNDS.length }, () => 0);
  latency_buckets[bucket] = 1;
  ledger.add({ context, route, side, second, requests: 1, errors, refused, latency_buckets });
}
