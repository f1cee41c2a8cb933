import { type Environment, StranglerError } from '@strangler-toolkit/plan';
import type { FlagWriter } from './flag-writer.ts';
import { UnleashAdmin } from './unleash/unleash-admin.ts';
import { unleashSettings } from './unleash/unleash-settings.ts';

/** The flag provider that the environment names; undefined when it names none. Another provider is one more line here. */
export function chooseFlagWriter(env: Environment): FlagWriter | undefined {
  const unleash = unleashSettings(env);
  return unleash && new UnleashAdmin(unleash);
}

/** @throws StranglerError CONFIG_ENV_MISSING when no flag provider is named */
export function requireFlagWriter(env: Environment): FlagWriter {
  const writer = chooseFlagWriter(env);
  if (writer) return writer;
  throw new StranglerError(
    'CONFIG_ENV_MISSING',
    'UNLEASH_URL is not set (needed to change flags)',
    { remedy: 'Set UNLEASH_URL and UNLEASH_ADMIN_TOKEN.' },
  );
}
