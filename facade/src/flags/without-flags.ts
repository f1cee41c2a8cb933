import type { FlagReader } from './flag-reader.ts';

/** What a facade without a flag provider does and leaves undone, in words for its log and for whoever asks how it is. */
export const withoutFlags = {
  works:
    'every request reaches the owner of its context; cutovers, rollbacks, holds and pins are followed',
  lacks:
    'no share of reads goes to the other side, nothing is mirrored for comparison, no kill switch is heard',
  remedy: 'Set UNLEASH_URL and UNLEASH_CLIENT_TOKEN.',
} as const;

/** Of flags as they are: nothing to say where a provider is named, however it is. */
export const flagsDetail = (flags: Pick<FlagReader, 'status'>): typeof withoutFlags | undefined =>
  flags.status().state === 'off' ? withoutFlags : undefined;
