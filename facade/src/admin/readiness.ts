import { bothSides, homeOf, type OwnerView } from '@strangler-toolkit/plan';
import { flagsDetail } from '../flags/without-flags.ts';
import type { Serving } from '../serving/serving.ts';

/** What the facade knows, in words. A facade that serves with the last known state is ready: taking it away would help nobody (P6). */
export function readiness(
  {
    ownership,
    flags,
    watch,
    strangers,
    standIns,
    plan,
    names,
  }: Pick<Serving, 'ownership' | 'flags' | 'watch' | 'strangers' | 'standIns' | 'plan' | 'names'>,
  serves: boolean,
): Record<string, unknown> {
  const control = ownership.link === undefined ? 'off' : ownership.link.up ? 'up' : 'down';
  const { recent } = standIns;
  let missing = false;
  const contexts = Object.fromEntries(
    ownership.states.contexts().map((context) => {
      const view = ownership.states.get(context);
      const { known, owner, stage, epoch } = view;
      const upstreams = watch.of(context);
      const held = ownership.states.holding(context) !== undefined;
      missing ||= isMissing(view, upstreams);
      // reads that the other side answered lately, because the owner was dead
      const standIn = recent?.[context];
      return [
        context,
        { known, owner, stage, epoch: String(epoch), held, upstreams, ...(standIn && { standIn }) },
      ];
    }),
  );
  const unknownNames = names.told.filter(({ problem }) => problem !== undefined);
  const flagStatus = flags.status();
  const degraded =
    missing ||
    recent !== undefined ||
    plan.problem !== null ||
    unknownNames.length > 0 ||
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
    flags: { ...flagStatus, ...flagsDetail(flags) },
    plan: plan.status,
    ...(unknownNames.length > 0 && { names: unknownNames }),
    ...(strangers.all.length > 0 && {
      untrustedProxies: { peers: strangers.all, setting: 'FACADE_TRUSTED_PROXIES' },
    }),
    contexts,
  };
}

/** A side that clients depend on does not answer; before its canary nobody depends on the service. */
function isMissing(view: OwnerView, upstreams: ReturnType<Serving['watch']['of']>): boolean {
  const both = view.stage === 'canary' || view.stage === 'service';
  const needed = both ? bothSides : [homeOf(view)];
  return needed.some((side) => upstreams[side]?.up === false);
}
