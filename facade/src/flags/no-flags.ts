import type { FlagReader } from './flag-reader.ts';

/** Without a flag provider everything stays with its owner. */
export const noFlags: FlagReader = {
  isEnabled: () => undefined,
  shareOf: () => undefined,
  status: () => ({
    source: 'none',
    state: 'off',
    ageSeconds: null,
    rejected: false,
    lastError: null,
  }),
  stop: () => Promise.resolve(),
};
