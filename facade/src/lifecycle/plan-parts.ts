import {
  bothSides,
  type StoredKind,
  type MigrationDefinition,
  storedKind,
} from '@strangler-toolkit/plan';
import { bareHost } from '../addresses/targets.ts';
import type { SaidOfAddress } from '../resilience/upstreams.ts';
import type { Watched } from '../resilience/upstream-watch.ts';
import type { Claims } from '../serving/claim.ts';

/** What the parts of a facade want to know of its context files, at the start and when they are read again. */
export const dataKinds = (
  definitions: readonly MigrationDefinition[],
): ReadonlyMap<string, StoredKind> =>
  new Map(definitions.map(({ context, data }) => [context, storedKind(data)]));

export const monolithsOf = ({ plans }: Claims): string[] =>
  plans.flatMap(({ urls, instances }) => [urls.monolith, ...instances.monolith]);

export const watchedOf = ({ plans }: Claims): Watched[] =>
  plans.flatMap(({ name: context, urls, health }) =>
    bothSides.map((side) => ({ context, side, url: urls[side], path: health[side] })),
  );

/** Whose addresses are to be known. */
export function hostsOf(claims: Claims, monolithUrl: string): string[] {
  const { plans } = claims;
  const all = plans.flatMap(({ urls, instances }) =>
    bothSides.flatMap((side) => [urls[side], ...instances[side]]),
  );
  return [monolithUrl, ...all].map((address) => bareHost(new URL(address)));
}

/** What the context files say of each address. */
export const saidOf = ({ plans }: Claims): SaidOfAddress[] =>
  plans.flatMap(({ urls, atATime, instances }) =>
    bothSides.map((side) => ({
      address: urls[side],
      atATime: atATime[side],
      instances: instances[side],
    })),
  );
