import type { Environment } from '@strangler-toolkit/plan';

export interface UnleashSettings {
  /** API address, e.g. http://localhost:4242/api */
  readonly url: string;
  readonly adminToken: string;
  readonly environment: string;
  readonly project: string;
}

/** Settings from UNLEASH_*; undefined when UNLEASH_URL is not set. */
export function unleashSettings(env: Environment): UnleashSettings | undefined {
  if (!env.UNLEASH_URL) return undefined;
  return {
    url: env.UNLEASH_URL.replace(/\/+$/, ''),
    adminToken: env.UNLEASH_ADMIN_TOKEN ?? '',
    environment: env.UNLEASH_ENVIRONMENT || 'development',
    project: env.UNLEASH_PROJECT || 'default',
  };
}
