import { isIP, type LookupFunction } from 'node:net';
import { isServiceName } from '@strangler-toolkit/plan';
import type { Endpoint } from '../resilience/balancer.ts';

/** One place behind a name. */
export interface Target {
  /** The first is asked; the second, of the other family, only where no connection to the first stands. */
  readonly addresses: readonly string[];
  /** Undefined: the one that the upstream's address has. */
  readonly port?: number;
  /** The smallest that serves is asked. */
  readonly priority?: number;
  /** Its share of what is asked; equal ones by default. */
  readonly weight?: number;
}

export const bareHost = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

export const portOf = ({ port, protocol }: URL): number =>
  Number(port) || (protocol === 'https:' ? 443 : 80);

/**
 * The name that the certificate of an upstream must have: never what a client says in its Host, and never the name of a target,
 * which DNS says and nobody has signed. Empty for an address without a name.
 */
export function certificateName(hostname: string): string {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0) return '';
  return isServiceName(host) ? host.split('.').slice(2).join('.') : host;
}

/**
 * A name with addresses of both families has as many instances as the family that comes first has addresses: both would count
 * every machine twice, and a server that listens on one family only would fail every other request.
 */
export function targetsOf(
  addresses: readonly string[],
  srv: Omit<Target, 'addresses'> = {},
): Target[] {
  const first = isIP(addresses[0] ?? '');
  // in one order, whatever order DNS gives them in today
  const all = [...new Set(addresses)].toSorted();
  const others = all.filter((address) => isIP(address) !== first);
  return all
    .filter((address) => isIP(address) === first)
    .map((address, index) => {
      const spare = others[index];
      return { ...srv, addresses: spare === undefined ? [address] : [address, spare] };
    });
}

/** The instances behind the name of an address; without any known, the name itself, which every connection looks up. */
export function endpointsAt(key: string, address: string, targets: readonly Target[]): Endpoint[] {
  if (targets.length === 0) return [{ key, url: address }];
  const standard = portOf(new URL(address));
  return targets.map(({ addresses, port = standard, priority, weight }) => ({
    key: `${key} ${addresses[0] ?? ''}|${port}`,
    url: address,
    at: { addresses, port },
    ...(priority !== undefined && { priority }),
    ...(weight !== undefined && { weight }),
  }));
}

/** Finds these addresses, whatever name is asked for. */
export const lookupOf =
  (addresses: readonly string[]): LookupFunction =>
  (_name, { all }, done) => {
    const found = addresses.map((address) => ({ address, family: isIP(address) }));
    const [first] = found;
    if (all) done(null, found);
    else if (first) done(null, first.address, first.family);
  };

/** How a connection to an instance is made, in node's words; what the address says holds where nothing stands here. */
export interface Way {
  readonly port?: number;
  readonly lookup?: LookupFunction;
  readonly servername: string;
}
export const wayTo = ({ url, at }: Endpoint): Way => ({
  servername: certificateName(bareHost(new URL(url))),
  ...(at && { port: at.port, lookup: lookupOf(at.addresses) }),
});
