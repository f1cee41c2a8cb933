import { askedText, type Decision, decide } from '@strangler-toolkit/plan';
import type { Serving } from '../serving/serving.ts';

/** Every claimed route and where it would go now, with its flag off and on. */
export function routeList({ claims, ownership, flags }: Serving): unknown {
  return claims.all.map((claim) => {
    const { context, definition } = claim.route;
    const view = ownership.states.get(context);
    const exists = flags.isEnabled(claim.flags.route, undefined) !== undefined;
    const kill = flags.isEnabled(claim.flags.kill, undefined);
    const target = (on: boolean): Decision =>
      decide({
        kind: definition.kind,
        view,
        freshness: 'fresh',
        unavailable: new Set(),
        flags: { kill, route: exists ? on : undefined },
      });
    return {
      context,
      route: definition.name,
      method: definition.method,
      path: definition.path,
      when: askedText(claim.route),
      kind: definition.kind,
      data: view.dataKind,
      stage: view.stage,
      owner: view.owner,
      epoch: String(view.epoch),
      flag: { name: claim.flags.route, exists },
      target: { flagOff: target(false), flagOn: target(true) },
      upstreams: claim.plan.urls,
    };
  });
}
