export interface FlagStatus {
  /** `synced`: the server answered; `stale`: last known state is used; `none`: no state was ever seen; `off`: not configured. */
  readonly state: 'synced' | 'stale' | 'none' | 'off';
  readonly ageSeconds: number | null;
  /** The server refuses our token: nothing changes until somebody mends it. */
  readonly rejected: boolean;
  readonly lastError: string | null;
}

/** Where flags come from. `undefined`: unknown flag, so that the caller falls back to the owner. */
export interface Flags {
  isEnabled(name: string, identity: string | undefined): boolean | undefined;
  status(): FlagStatus;
  stop(): void;
}

/** Without an Unleash everything stays with its owner. */
export const noFlags: Flags = {
  isEnabled: () => undefined,
  status: () => ({ state: 'off', ageSeconds: null, rejected: false, lastError: null }),
  stop: () => {},
};
