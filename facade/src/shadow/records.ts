import type { RouteDefinition, ShadowOutcome } from '@strangler-toolkit/plan';
import type { Difference } from './difference.ts';
import { pointerCovered } from './pointer.ts';
import { proposeRules } from './propose-rules.ts';
import type { Verdict } from './judge.ts';

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

const shortened = (value: unknown): unknown => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text !== undefined && text.length > 200 ? `${text.slice(0, 200)}…` : value;
};

/** What may be kept of a difference: redacted where the route says so, short everywhere. Query values may be personal: only names stay. */
export function sampleOf(input: {
  context: string;
  route: RouteDefinition;
  verdict: Verdict;
  method: string;
  path: string;
  search: string;
  epoch: string;
}): ShadowSample {
  const { context, route, verdict, method, path, search, epoch } = input;
  const redact = route.compare?.redact ?? [];
  const propose = proposeRules(verdict);
  const keep = ({ path: at, reference, candidate, onlyOrder }: Difference): Difference =>
    at.startsWith('/') && pointerCovered(redact, at)
      ? { path: at, reference: '(redacted)', candidate: '(redacted)' }
      : {
          path: at,
          reference: holdsRedacted(redact, at, reference),
          candidate: holdsRedacted(redact, at, candidate),
          ...(onlyOrder && { onlyOrder }),
        };
  return {
    context,
    route: route.name,
    outcome: verdict.outcome,
    detail: {
      method,
      path,
      query: [...new URLSearchParams(search).keys()],
      epoch,
      ...(verdict.statuses ? { statuses: verdict.statuses } : {}),
      ...(verdict.cause ? { cause: verdict.cause } : {}),
      differences: verdict.differences.slice(0, 20).map(keep),
      ...(propose ? { propose } : {}),
    },
  };
}

/** A whole object that is missing on one side may hold redacted fields inside: then only its shape is told. */
function holdsRedacted(redact: readonly string[], at: string, value: unknown): unknown {
  const depth = (pointer: string): number => pointer.split('/').length;
  const inside =
    (at.startsWith('/') || at === '') && redact.some((rule) => depth(rule) > depth(at));
  return inside && typeof value === 'object' && value !== null
    ? '(holds redacted fields)'
    : shortened(value);
}
