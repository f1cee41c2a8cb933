import { createHash } from 'node:crypto';
import type { Side } from '@strangler-toolkit/plan';
import type { Arrival } from '../admission/arrival.ts';

/** Who asks, as far as a context can tell. */
export interface Who {
  /** Undefined: none of the context's sources is there. */
  readonly identity: string | undefined;
  /** What a percentage sticks to: the identity, else the best that the request has; undefined: chance. */
  readonly sticky: string | undefined;
  /** The side that a tester wants for the own reads of the context. */
  readonly tester?: Side | undefined;
  /** All that the request shows, with what is known to be the same: a write pins each of them, a read asks for each. */
  readonly all: () => readonly string[];
}

const sessionCookie = /(?:^|;)\s*([^=;\s]*sess[^=;\s]*|(?:connect\.)?sid)\s*=\s*([^;\s]+)/i;
const hashOf = (kind: string, value: string): string =>
  createHash('sha256').update(`${kind}\n${value}`).digest('hex').slice(0, 32);

/**
 * Stands in for an identity in percentages only: a session's cookie, else the client's address, as it or a proxy says. Nobody
 * gains anything by forging one.
 */
function substituteOf({ headers, peer }: Pick<Arrival, 'headers' | 'peer'>): string | undefined {
  const session = sessionCookie.exec(headers.cookie ?? '');
  if (session) return hashOf('session', `${session[1]}=${session[2]}`);
  const forwarded = headers['x-forwarded-for'];
  const told = (typeof forwarded === 'string' ? forwarded : forwarded?.[0])?.split(',')[0]?.trim();
  const address = told || peer.address;
  return address ? hashOf('address', address) : undefined;
}

export function whoAsks({
  claim,
  headers,
  search,
  peer,
  tester,
}: Pick<Arrival, 'claim' | 'headers' | 'search' | 'peer' | 'tester'>): Who {
  const plan = claim?.plan;
  const identity = plan?.identity.first({ headers, search });
  return {
    identity,
    sticky: identity ?? substituteOf({ headers, peer }),
    ...(tester && plan && tester.contexts.includes(plan.name) && { tester: tester.side }),
    all: () => plan?.aliases.of(plan.identity.all({ headers, search })) ?? [],
  };
}
