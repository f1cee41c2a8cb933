import { INSTANCE_GONE_SECONDS } from '@strangler-toolkit/plan';
import type { Control } from '../../control/index.ts';
import type { Report } from '../../findings/check.ts';
import { goneFacades } from '../gone-facades.ts';

/** Facades that died; after an hour nobody waits for them any more. */
export async function checkFacades(control: Control, report: Report): Promise<void> {
  const instances = await control.instances.list();
  const alive = instances.filter((instance) => instance.alive);
  const gone = goneFacades(instances);
  const goneFor = (instance: (typeof gone)[number]): string =>
    `${instance.name} (${Math.round(instance.heartbeatAgeSeconds)} s)`;
  report({
    check: 'facade instances',
    ok: gone.every((instance) => instance.heartbeatAgeSeconds > 3600),
    expected: `heartbeats within ${INSTANCE_GONE_SECONDS} s`,
    actual:
      `${alive.length} alive` + (gone.length > 0 ? `, gone: ${gone.map(goneFor).join(', ')}` : ''),
    remedy: 'Start it again, or wait: an instance that is gone is forgotten after an hour.',
  });
}
