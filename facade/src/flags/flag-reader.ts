import type { FlagSource } from '@strangler-toolkit/plan';

export interface FlagStatus {
  readonly source: FlagSource;
  /** `synced`: the server answered; `stale`: last known state is used; `none`: no state was ever seen; `off`: not configured. */
  readonly state: 'synced' | 'stale' | 'none' | 'off';
  readonly ageSeconds: number | null;
  /** The server refuses our token: nothing changes until somebody mends it. */
  readonly rejected: boolean;
  readonly lastError: string | null;
}

/** What the facade needs of a flag provider. */
export interface FlagReader {
  /**
   * Asked for every request, so it answers from memory. `undefined`: unknown flag; the caller falls back to the owner. A share
   * sticks to the identity; without one it goes by chance, and 0 and 100 % still mean nobody and everybody.
   */
  isEnabled(name: string, identity: string | undefined): boolean | undefined;
  /** The smallest percentage (1 to 100) of a context's flags that includes the identity; undefined where nobody can tell. */
  shareOf(context: string, identity: string): number | undefined;
  status(): FlagStatus;
  /** Lets the provider go; the last known state may still be asked for. Resolves when it is on disk. */
  stop(): Promise<void>;
}
