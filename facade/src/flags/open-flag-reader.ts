import type { FacadeOptions } from '../config/options.ts';
import { settings } from '../config/settings.ts';
import type { FacadeLimits } from '../config/limits.ts';
import { ControlFlagReader } from './control/control-flag-reader.ts';
import type { FlagReader } from './flag-reader.ts';
import { standingFlags } from './standing-flags.ts';
import { noFlags } from './no-flags.ts';

export type { ControlFlagReader };

export interface FlagReaderOptions extends Pick<
  FacadeOptions,
  'unleash' | 'fixedFlags' | 'name' | 'stateDir'
> {
  /** Milliseconds that the start waits for a first state, from the provider or from disk. */
  readonly startMs: number;
  readonly onProblem: (message: string) => void;
  /** Where the control database's flags are kept, if it has any. */
  readonly control?: ControlFlagReader | undefined;
}

/** Flags of the control database, for a facade that has one and is named no provider; the link to it looks at them. */
export function controlFlags(
  { unleash, fixedFlags, controlUrl, name, stateDir }: FacadeOptions,
  { pollMs }: FacadeLimits,
  onProblem: (message: string) => void,
): ControlFlagReader | undefined {
  if (unleash || fixedFlags || controlUrl === undefined) return undefined;
  return new ControlFlagReader({ name, stateDir, staleMs: pollMs * 5 + 2_000, onProblem });
}

/** The flag provider that the options name, with a first state if one could be had. Another provider is one more line here. */
export async function openFlagReader(options: FlagReaderOptions): Promise<FlagReader> {
  const { unleash, fixedFlags, control, name, ...shared } = options;
  if (fixedFlags) return standingFlags(fixedFlags);
  if (!unleash) {
    await control?.restore();
    return control ?? noFlags;
  }
  // Unleash's client brings a quarter of all files that a facade loads.
  const { unleashFlagReader } = await import('./unleash/unleash-flag-reader.ts');
  return unleashFlagReader({
    ...shared,
    ...unleash,
    appName: name,
    refreshMs: unleash.refreshMs ?? settings.unleashRefreshMs.standard,
  });
}
