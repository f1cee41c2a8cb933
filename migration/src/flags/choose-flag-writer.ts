import { type Environment, StranglerError } from '@strangler-toolkit/plan';
import type { Control } from '../control/index.ts';
import { ControlFlagWriter } from './control/control-flag-writer.ts';
import type { FlagWriter } from './flag-writer.ts';
import { UnleashAdmin } from './unleash/unleash-admin.ts';
import { unleashSettings } from './unleash/unleash-settings.ts';

export type OpenControl = () => Promise<Control>;

/**
 * The flag provider that the environment names, else the control database; undefined without either. Another provider is one
 * more line here.
 */
export function chooseFlagWriter(
  env: Environment,
  control: OpenControl | undefined,
): FlagWriter | undefined {
  const unleash = unleashSettings(env);
  if (unleash) return new UnleashAdmin(unleash);
  return control && new ControlFlagWriter(control);
}

/** @throws StranglerError CONFIG_ENV_MISSING when flags can be kept nowhere */
export function requireFlagWriter(env: Environment, control: OpenControl | undefined): FlagWriter {
  const writer = chooseFlagWriter(env, control);
  if (writer) return writer;
  throw new StranglerError(
    'CONFIG_ENV_MISSING',
    'neither UNLEASH_URL nor STRANGLER_CONTROL_URL is set (needed to change flags)',
    {
      remedy: 'Set STRANGLER_CONTROL_URL; for percentages UNLEASH_URL and UNLEASH_ADMIN_TOKEN too.',
    },
  );
}
