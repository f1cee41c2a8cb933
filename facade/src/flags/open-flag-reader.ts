import type { FacadeOptions } from '../config/options.ts';
import { settings } from '../config/settings.ts';
import type { FlagReader } from './flag-reader.ts';
import { standingFlags } from './standing-flags.ts';
import { noFlags } from './no-flags.ts';

export interface FlagReaderOptions extends Pick<
  FacadeOptions,
  'unleash' | 'fixedFlags' | 'name' | 'stateDir'
> {
  /** Milliseconds that the start waits for a first state, from the provider or from disk. */
  readonly startMs: number;
  readonly onProblem: (message: string) => void;
}

/** The flag provider that the options name, with a first state if one could be had. Another provider is one more line here. */
export async function openFlagReader(options: FlagReaderOptions): Promise<FlagReader> {
  const { unleash, fixedFlags, name, ...shared } = options;
  if (fixedFlags) return standingFlags(fixedFlags);
  if (!unleash) return noFlags;
  // Unleash's client brings a quarter of all files that a facade loads.
  const { unleashFlagReader } = await import('./unleash/unleash-flag-reader.ts');
  return unleashFlagReader({
    ...shared,
    ...unleash,
    appName: name,
    refreshMs: unleash.refreshMs ?? settings.unleashRefreshMs.standard,
  });
}
