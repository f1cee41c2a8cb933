import { methodOverride, targetAsItCame } from '@strangler-toolkit/plan';
import type { Arrival } from '../admission/arrival.ts';
import { notOfStrangers } from '../proxy/headers.ts';
import type { Claim, Claims } from './claim.ts';

/** Takes a request from the GraphQL routes of its path: whose is it else? Undefined: nobody's, and it goes on as it came. */
export function leaveToOthers(claims: Claims, arrival: Arrival): Claim | undefined {
  const { method, path, search, headers, host, peer, request } = arrival;
  const claim = claims.findBeside({
    method,
    rawPath: path,
    override: methodOverride({ headers, search }),
    host,
    search,
    lines: { headers, headersDistinct: request.headersDistinct },
    withheld: peer.trusted ? undefined : notOfStrangers,
  });
  arrival.claim = claim;
  if (!claim) passAsItCame(arrival);
  return claim;
}

/** As if nobody had looked at it: a forwarder may change the request, so it is asked before. */
export function passAsItCame(arrival: Arrival): void {
  arrival.claim = undefined;
  arrival.target = targetAsItCame(arrival.request);
}
