import type { RouteDefinition } from '@strangler-toolkit/plan';
import { type Difference, pointerCovered } from './compare.ts';
import type { ShadowOutcome, Verdict } from './judge.ts';

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
  const keep = ({ path: at, reference, candidate }: Difference): Difference =>
    at.startsWith('/') && pointerCovered(redact, at)
      ? { path: at, reference: '(redacted)', candidate: '(redacted)' }
      : {
          path: at,
          reference: holdsRedacted(redact, at, reference),
          candidate: holdsRedacted(redact, at, candidate),
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
    },
  };
}

/** A whole object that is missing on one side may hold redacted fields inside: then only its shape is told. */
function holdsRedacted(redact: readonly string[], at: string, value: unknown): unknown {
  const depth = at === '' ? 0 : at.split('/').length - 1;
  const inside =
    at.startsWith('/') || at === ''
      ? redact.some((rule) => rule.split('/').length - 1 > depth)
      : false;
  return inside && typeof value === 'object' && value !== null
    ? '(holds redacted fields)'
    : shortened(value);
}

export const shadowCountsSql = `
  INSERT INTO strangler_control.shadow_counts AS known (context, route, outcome, epoch, count)
  SELECT context, route, outcome, epoch, count
    FROM jsonb_to_recordset($1::jsonb) AS told (context text, route text, outcome text, epoch bigint, count bigint) ORDER BY 1, 2, 3, 4
  ON CONFLICT (context, route, outcome, epoch) DO UPDATE SET count = known.count + EXCLUDED.count`;

export const shadowSamplesSql = `
  INSERT INTO strangler_control.shadow_samples (context, route, outcome, detail)
  SELECT context, route, outcome, detail FROM jsonb_to_recordset($1::jsonb) AS told (context text, route text, outcome text, detail jsonb)`;

/** The newest hundred of each route and outcome stay, and none longer than a week. */
export const shadowRetentionSql = `
  DELETE FROM strangler_control.shadow_samples
   WHERE at < clock_timestamp() - interval '7 days'
      OR id IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY context, route, outcome ORDER BY id DESC) AS n FROM strangler_control.shadow_samples) ranked WHERE n > 100)`;
