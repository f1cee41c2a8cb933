import { parseFlagName, readInstanceDetail, StranglerError } from '@strangler-toolkit/plan';
import type { Control } from '../control/index.ts';
import type { Toolkit } from './toolkit.ts';

/** Flags of a context that the control database still says are on, also of routes that are no more. */
export async function leftBehind(control: Control, context: string): Promise<string[]> {
  return (await control.flags.list())
    .filter(({ enabled, identities }) => enabled || (identities?.length ?? 0) > 0)
    .map(({ name }) => name)
    .filter((name) => parseFlagName(name)?.context === context)
    .sort();
}

/**
 * The control database holds no flag of the context any more, now that Unleash has them.
 * @throws StranglerError CONFIG_ENV_MISSING, CONFIG_INVALID while somebody reads them there
 */
export async function forgetControlFlags(kit: Toolkit, context: string): Promise<void> {
  if (kit.flagWriter().source === 'control')
    throw new StranglerError(
      'CONFIG_ENV_MISSING',
      `UNLEASH_URL is not set: the flags of ${context} in the control database are those that count`,
      { remedy: `To turn them off: strangler route ${context} --all --off` },
    );
  const control = await kit.control();
  const reading = (await control.instances.list()).filter(
    ({ alive, detail }) => alive && readInstanceDetail(detail).flags === 'control',
  );
  if (reading.length > 0)
    throw new StranglerError(
      'CONFIG_INVALID',
      `${reading.map(({ name }) => name).join(', ')} still reads flags from the control database`,
      { remedy: 'Start it with UNLEASH_URL and UNLEASH_CLIENT_TOKEN first.' },
    );
  const names = [...(await control.flags.all()).keys()].filter(
    (name) => parseFlagName(name)?.context === context,
  );
  await control.flags.forget(names);
  await control.journal.append({
    context,
    actor: kit.actor,
    step: 'forget-control-flags',
    status: 'done',
    detail: { flags: names },
  });
}
