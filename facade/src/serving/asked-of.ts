import { methodOverride } from '@strangler-toolkit/plan';
import type { Arrival } from '../admission/arrival.ts';
import { clientAddress } from '../edge/client-address.ts';
import type { Asked } from '../edge/door.ts';
import type { Serving } from './serving.ts';
import { whoAsks } from './who.ts';

/** A request as its duties at the edge look at it. */
export function askedOf({ trusted }: Pick<Serving, 'trusted'>, arrival: Arrival): Asked {
  const { claim, method, request, headers, search, peer } = arrival;
  const forwardedFor = headers['x-forwarded-for'];
  return {
    method,
    rawHeaders: request.rawHeaders,
    override: methodOverride({ headers, search }),
    route: claim ? `${claim.route.context}.${claim.route.definition.name}` : '',
    identity: () => whoAsks(arrival).identity,
    address: () =>
      clientAddress({
        peer,
        forwardedFor: typeof forwardedFor === 'string' ? forwardedFor : forwardedFor?.join(','),
        trusted,
      }),
  };
}
