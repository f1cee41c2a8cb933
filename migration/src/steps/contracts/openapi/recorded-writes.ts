import type { CompiledRoute } from '@strangler-toolkit/plan';
import { type Credential, isOf } from '../record/credential.ts';
import { type Coverage, type Exchange, isDrafted, routeName } from '../record/draft-pact.ts';
import type { Recorded, SentBody } from '../record/recorded-answers.ts';

/** What was asked of one operation, and what it was answered. */
export interface Operated extends Exchange {
  readonly method: string;
  readonly sent?: SentBody;
}

/** Those of OpenAPI. */
const known = /^(?:GET|PUT|POST|DELETE|PATCH|OPTIONS|HEAD)$/;

/** What a recording holds of writes, which nobody repeats: where it has no answer, the status is all that is known of it. */
export const recordedWrites = (
  routes: ReadonlyMap<CompiledRoute, readonly Recorded[]>,
  credential: Credential | undefined,
): Operated[] =>
  [...routes].flatMap(([route, recorded]) =>
    isDrafted(route)
      ? []
      : recorded.flatMap((each) => {
          const status = each.answer?.status ?? each.status;
          if (status === undefined || !known.test(each.method)) return [];
          return [
            {
              route,
              method: each.method,
              target: each.target,
              answer: each.answer ?? { status },
              signedIn: isOf(credential, each),
              ...(each.body && { sent: each.body }),
            },
          ];
        }),
  );

/** What the traffic of such a route did not show. */
export function coverageOfWrites(
  route: CompiledRoute,
  recorded: readonly Recorded[],
  seen: readonly Operated[],
): Coverage {
  const statuses = new Map<string, number>();
  for (const { answer } of seen)
    statuses.set(String(answer.status), (statuses.get(String(answer.status)) ?? 0) + 1);
  return {
    route: routeName(route),
    requests: recorded.length,
    statuses: Object.fromEntries(statuses),
    gaps:
      recorded.length === 0
        ? ['no traffic']
        : seen.length === 0
          ? ['no answer is recorded']
          : gapsOf(seen),
  };
}

const withBody = /^(?:POST|PUT|PATCH)$/;

function gapsOf(seen: readonly Operated[]): string[] {
  const done = seen.filter(({ answer }) => answer.status < 400);
  const bare = seen.filter(({ answer }) => answer.body === undefined && answer.status !== 204);
  return [
    ...(done.length === 0 ? ['never done, only refused'] : []),
    ...(done.some(({ method }) => withBody.test(method)) && !done.some(({ sent }) => sent)
      ? ['what was sent is not recorded']
      : []),
    ...(bare.length > 0 ? [`${bare.length} answers are known by their status only`] : []),
  ];
}
