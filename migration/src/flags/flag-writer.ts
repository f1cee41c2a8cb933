import type { FlagSource } from '@strangler-toolkit/plan';

/** What a flag says now, in the environment that the toolkit changes. */
export interface FlagState {
  readonly name: string;
  readonly exists: boolean;
  readonly enabled: boolean;
  /** What the flag gives: 0 while it is off. */
  readonly percent: number;
  /** Each request of that share for itself, instead of sticking to identities. */
  readonly byRequest?: true;
  /** Hashes of identities that have it by name, whatever the share. */
  readonly identities?: readonly string[];
  /** Rules that people added besides ours. */
  readonly otherStrategies: number;
}

export interface ShareOptions {
  readonly byRequest?: boolean;
  /** Hashes of those that have the flag by name besides the share. Whoever is not named any more has it no more by name. */
  readonly identities?: readonly string[];
}

/**
 * What steps need of a flag provider. Every call is idempotent and leaves people's own rules alone. Identities are given to a
 * flag within a group (the context), so that all flags of one group choose the same ones.
 */
export interface FlagWriter {
  /** For people: `Unleash`. */
  readonly provider: string;
  /** What facades that read these flags tell of themselves. */
  readonly source: FlagSource;
  /** Whether a flag can be for some; else for everybody or for nobody. */
  readonly percentages: boolean;
  /** Reachable, and the token may change flags? @throws StranglerError UNLEASH_UNREACHABLE, UNLEASH_AUTH, CONFIG_INVALID */
  ping(): Promise<void>;
  read(name: string, groupId: string): Promise<FlagState>;
  readAll(names: readonly string[], groupId: string): Promise<FlagState[]>;
  /**
   * Makes the flag when it is missing (a deleted one comes back) and gives it to `percent` of identities, or `byRequest` of
   * requests, each for itself; 0 turns it off, but for those that are named.
   * @throws StranglerError UNLEASH_NEEDED for a share where there are no percentages
   */
  setPercent(name: string, groupId: string, percent: number, how?: ShareOptions): Promise<void>;
  /** A flag that does not exist is off already. */
  turnOff(name: string): Promise<void>;
  /** Takes flags away that nothing reads any more; the provider keeps what it can. */
  archive(names: readonly string[]): Promise<void>;
}
