import type { FlagReader } from './flag-reader.ts';

/** What a facade without a flag provider does and leaves undone, in words for its log and for whoever asks how it is. */
export const withoutFlags = {
  works:
    'every request reaches the owner of its context; cutovers, rollbacks, holds and pins are followed',
  lacks:
    'no share of reads goes to the other side, nothing is mirrored for comparison, no kill switch is heard',
  remedy:
    'Set STRANGLER_CONTROL_URL, for flags of the control database; UNLEASH_URL and UNLEASH_CLIENT_TOKEN, for percentages.',
} as const;

/** Of flags in the control database. */
export const withoutShares = {
  works: 'reads go to the service and are mirrored, all of them or none; the kill switch is heard',
  lacks: 'no share between 0 and 100 %',
  remedy: 'Set UNLEASH_URL and UNLEASH_CLIENT_TOKEN if you want percentages.',
} as const;

/** Of flags as they are: nothing to say where a provider is named, however it is. */
export function flagsDetail(
  flags: Pick<FlagReader, 'status'>,
): typeof withoutFlags | typeof withoutShares | undefined {
  const { source } = flags.status();
  if (source === 'control') return withoutShares;
  return source === 'none' ? withoutFlags : undefined;
}
