import { StranglerError } from './errors.ts';
import type { Setting } from './migration.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Looks an `env('NAME')` up at the moment of use. `usedFor` says in the message which field of which file needs it. */
export function resolveSetting(setting: Setting, env: Environment, usedFor?: string): string {
  if (typeof setting === 'string') return setting;
  const value = env[setting.env];
  if (value !== undefined && value !== '') return value;
  if (setting.default !== undefined) return setting.default;
  throw new StranglerError(
    'CONFIG_ENV_MISSING',
    `${setting.env} is not set${usedFor ? ` (needed for ${usedFor})` : ''}`,
    {
      remedy: `Set ${setting.env} (docs/guide/reference.md lists the variables).`,
      details: { variable: setting.env },
    },
  );
}

/** As `resolveSetting`, where a variable that is not set means that there is nothing to say. */
export const optionalSetting = (
  setting: Setting | undefined,
  env: Environment,
): string | undefined =>
  typeof setting === 'object' ? env[setting.env] || setting.default || undefined : setting;

/** A variable of the toolkit itself, e.g. STRANGLER_CONTROL_URL. */
export const requireVariable = (name: string, env: Environment, usedFor?: string): string =>
  resolveSetting({ env: name }, env, usedFor);
