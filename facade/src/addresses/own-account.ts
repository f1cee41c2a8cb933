import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isServiceName } from '@strangler-toolkit/plan';
import type { Endpoint } from '../resilience/balancer.ts';
import { bareHost, endpointsAt, lookupOf, portOf, type Target } from './targets.ts';

type Of = (host: string) => readonly Target[];

/** One after the other, each with all that follow it: a connection goes to the first that takes it. */
function inTurn<T>(all: readonly T[], turn: number): T[] {
  const first = all.length === 0 ? 0 : turn % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}

/**
 * Where mirrored reads, looks at health and questions of the facade's own go. Nobody asks them again elsewhere, so a connection
 * that does not stand to one address is tried at the others.
 */
export class OwnAccount {
  readonly #of: Of;
  #turn = 0;

  constructor(of: Of) {
    this.#of = of;
  }

  readonly lookup: LookupFunction = (name, options, done) => {
    const targets = this.#of(name);
    if (targets.length === 0) return lookup(name, options, done);
    const all = inTurn(targets, this.#turn++).flatMap(({ addresses }) => addresses);
    return lookupOf(all)(name, options, done);
  };

  /** Undefined: the address says itself which port; only SRV records know another. */
  endpoint(url: URL): Endpoint | undefined {
    const host = bareHost(url);
    if (isIP(host) !== 0 || !isServiceName(host)) return undefined;
    const targets = this.#of(host);
    const least = Math.min(...targets.map(({ priority = 0 }) => priority));
    const able = targets.filter(({ priority = 0 }) => priority === least);
    const [chosen, ...others] = inTurn(able, this.#turn++);
    if (!chosen) return undefined;
    const alike = others.filter(({ port }) => port === chosen.port);
    const addresses = [chosen, ...alike].flatMap((target) => target.addresses);
    const { port = portOf(url) } = chosen;
    const [one] = endpointsAt(url.origin, url.href, [{ addresses, port }]);
    return one;
  }
}
