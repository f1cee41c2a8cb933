import type { FlagReader } from './flag-reader.ts';

/** Flags that stand still, for a facade whose routing somebody examines. */
export const standingFlags = (flags: Readonly<Record<string, boolean>>): FlagReader => ({
  isEnabled: (name) => flags[name],
  shareOf: () => undefined,
  status: () => ({
    source: 'fixed',
    state: 'synced',
    ageSeconds: 0,
    rejected: false,
    lastError: null,
  }),
  stop: () => Promise.resolve(),
});
