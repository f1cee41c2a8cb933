import { bothSides, type DataKind, type MigrationDefinition } from '@strangler-toolkit/plan';
import type { Watched } from '../resilience/upstream-watch.ts';
import type { Claims } from '../serving/claim.ts';

/** What the parts of a facade want to know of its context files, at the start and when they are read again. */
export const dataKinds = (
  definitions: readonly MigrationDefinition[],
): ReadonlyMap<string, DataKind> =>
  new Map(definitions.map(({ context, data }) => [context, data]));

export const monolithsOf = ({ plans }: Claims): string[] => plans.map(({ urls }) => urls.monolith);

export const watchedOf = ({ plans }: Claims): Watched[] =>
  plans.flatMap(({ name: context, urls, health }) =>
    bothSides.map((side) => ({ context, side, url: urls[side], path: health[side] })),
  );

/** How many requests at a time each address may be asked. */
export const boundsOf = ({ plans }: Claims): { address: string; atATime: number }[] =>
  plans.flatMap(({ urls, atATime }) =>
    bothSides.flatMap((side) => {
      const most = atATime[side];
      return most === undefined ? [] : [{ address: urls[side], atATime: most }];
    }),
  );
