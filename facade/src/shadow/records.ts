import { collapsedAs, type RouteDefinition, type ShadowOutcome } from '@strangler-toolkit/plan';
import type { Difference } from './difference.ts';
import { type Fingerprint, keptPath, keptValue } from './kept-value.ts';
import { proposeRules } from './propose-rules.ts';
import type { Verdict } from './judge.ts';
import { scrub } from './scrub.ts';

export interface ShadowCount {
  readonly context: string;
  readonly route: string;
  readonly outcome: ShadowOutcome;
  readonly epoch: string;
  count: number;
}
export const shadowCountKey = (entry: ShadowCount): string =>
  `${entry.context}\n${entry.route}\n${entry.outcome}\n${entry.epoch}`;

export interface ShadowSample {
  readonly context: string;
  readonly route: string;
  readonly outcome: ShadowOutcome;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What may be kept of a difference: no value that the route does not show. Query values may be personal: only names stay. */
export function sampleOf(input: {
  context: string;
  route: RouteDefinition;
  verdict: Verdict;
  method: string;
  path: string;
  search: string;
  epoch: string;
  fingerprint: Fingerprint;
}): ShadowSample {
  const { context, route, verdict, method, path, search, epoch, fingerprint } = input;
  const propose = proposeRules(verdict);
  const keep = ({ path: at, reference, candidate, onlyOrder }: Difference): Difference => {
    // said of lists, not taken from them
    const kept = (value: unknown): unknown =>
      onlyOrder ? value : keptValue(at, value, route.compare ?? {}, fingerprint);
    return {
      path: keptPath(at),
      reference: kept(reference),
      candidate: kept(candidate),
      ...(onlyOrder && { onlyOrder }),
    };
  };
  return {
    context,
    route: route.name,
    outcome: verdict.outcome,
    detail: {
      method,
      path: collapsedAs(route.path, path),
      query: [...new URLSearchParams(search).keys()].map(scrub),
      epoch,
      ...(verdict.statuses ? { statuses: verdict.statuses } : {}),
      ...(verdict.cause ? { cause: scrub(verdict.cause) } : {}),
      differences: verdict.differences.slice(0, 20).map(keep),
      ...(propose ? { propose } : {}),
    },
  };
}
