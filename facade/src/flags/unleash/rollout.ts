import type { Unleash } from 'unleash-client';

export type Feature = NonNullable<ReturnType<Unleash['getFeatureToggleDefinition']>>;

const sticksToUsers = new Set([undefined, '', 'default', 'userId']);

/**
 * Is the flag on for this user? Undefined: it is more than a gradual rollout, and Unleash's client must be asked. What it answers
 * here is what the client would answer; the client takes several times as long, and every request asks for two flags.
 *
 * `shareOf`: the smallest percentage of a group that includes the user.
 */
export function inRollout(
  { enabled, strategies, dependencies, impressionData }: Feature,
  userId: string,
  shareOf: (userId: string, group: string) => number,
): boolean | undefined {
  if (dependencies?.length || impressionData || !strategies?.length || userId === '')
    return undefined;
  let included = false;
  for (const { name, parameters, constraints, segments } of strategies) {
    if (name !== 'flexibleRollout' || constraints?.length || segments?.length) return undefined;
    const { rollout, groupId, stickiness }: Record<string, unknown> = parameters ?? {};
    if (typeof groupId !== 'string') return undefined;
    if (!sticksToUsers.has(stickiness as string | undefined)) return undefined;
    included ||= shareOf(userId, groupId) <= Number(rollout);
  }
  return enabled && included;
}
