import { INSTANCE_GONE_SECONDS, readInstanceDetail } from '@strangler-toolkit/plan';
import type { Control } from '../../control/index.ts';
import type { Report } from '../../findings/check.ts';
import { goneFacades } from '../gone-facades.ts';

const eachCounts =
  'each counts rate limits in memory, maxRequests, ramp ceilings and kept answers for itself';

/** Facades that died; after an hour nobody waits for them any more. */
export async function checkFacades(control: Control, report: Report): Promise<void> {
  const instances = await control.instances.list();
  const alive = instances.filter((instance) => instance.alive);
  const gone = goneFacades(instances);
  const sharing = alive.filter(({ detail }) => (readInstanceDetail(detail).processes ?? 1) > 1);
  const goneFor = (instance: (typeof gone)[number]): string =>
    `${instance.name} (${Math.round(instance.heartbeatAgeSeconds)} s)`;
  report({
    check: 'facade instances',
    ok: gone.every((instance) => instance.heartbeatAgeSeconds > 3600),
    expected: `heartbeats within ${INSTANCE_GONE_SECONDS} s`,
    actual:
      `${alive.length} alive` +
      (sharing.length > 0 ? ` (${sharing.length} share ports, and ${eachCounts})` : '') +
      (gone.length > 0 ? `, gone: ${gone.map(goneFor).join(', ')}` : ''),
    remedy: 'Start it again, or wait: an instance that is gone is forgotten after an hour.',
  });
}
