import { methodOverride } from '@strangler-toolkit/plan';
import type { Arrival } from '../admission/arrival.ts';
import { clientAddress } from '../edge/client-address.ts';
import type { Asked } from '../edge/door.ts';
import type { Serving } from './serving.ts';
import { whoAsks } from './who.ts';

/** Where a request comes from, as far as proxies of ours say. */
export function addressOf({ trusted }: Pick<Serving, 'trusted'>, arrival: Arrival): string {
  const { headers, peer } = arrival;
  const said = headers['x-forwarded-for'];
  const forwardedFor = typeof said === 'string' ? said : said?.join(',');
  return clientAddress({ peer, forwardedFor, trusted });
}

/** A request as its duties at the edge look at it. */
export function askedOf(serving: Pick<Serving, 'trusted'>, arrival: Arrival): Asked {
  const { claim, method, request, headers, search } = arrival;
  return {
    method,
    rawHeaders: request.rawHeaders,
    override: methodOverride({ headers, search }),
    route: claim ? `${claim.route.context}.${claim.route.definition.name}` : '',
    identity: () => whoAsks(arrival).identity,
    address: () => addressOf(serving, arrival),
  };
}
