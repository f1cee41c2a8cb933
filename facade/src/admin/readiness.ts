import type { Serving } from '../serving/serving.ts';

/** What the facade knows, in words. A facade that serves with the last known state is ready: taking it away would help nobody (P6). */
export function readiness(
  { ownership, flags }: Pick<Serving, 'ownership' | 'flags'>,
  serves: boolean,
): Record<string, unknown> {
  const control = ownership.link === undefined ? 'off' : ownership.link.up ? 'up' : 'down';
  const contexts = Object.fromEntries(
    ownership.states.contexts().map((context) => {
      const { known, owner, stage, epoch } = ownership.states.get(context);
      const held = ownership.states.holding(context) !== undefined;
      return [context, { known, owner, stage, epoch: String(epoch), held }];
    }),
  );
  const flagStatus = flags.status();
  const degraded =
    control === 'down' ||
    flagStatus.state === 'stale' ||
    flagStatus.state === 'none' ||
    ownership.regressed.length > 0;
  return {
    status: !serves ? 'not-ready' : degraded ? 'degraded' : 'ready',
    control: {
      state: control,
      ageSeconds: ownership.link?.ageSeconds ?? null,
      restoredFromDisk: ownership.restoredFromDisk,
      olderEpochTold: ownership.regressed,
    },
    flags: flagStatus,
    contexts,
  };
}
