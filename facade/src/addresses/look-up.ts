import { lookup, Resolver } from 'node:dns/promises';
import { isServiceName, StranglerError } from '@strangler-toolkit/plan';
import { type Target, targetsOf } from './targets.ts';

interface Aged {
  readonly address: string;
  /** Seconds. */
  readonly ttl: number;
}
interface Service {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** Who can be asked for a name. */
export interface Sources {
  /** What the system makes of it: hosts file, search domains, DNS, in the order that it is set up for. */
  system(name: string): Promise<readonly string[]>;
  /** A and AAAA as DNS has them under the name as it is spelt; undefined: there are none. @throws when nobody tells */
  dns(name: string): Promise<readonly Aged[] | undefined>;
  services(name: string): Promise<readonly Service[]>;
  /** DNS servers were named: they are asked before the system. */
  readonly dnsFirst: boolean;
  /** Nobody waits for an answer any more. */
  close(): void;
}

export interface Found {
  readonly targets: readonly Target[];
  /** How long it holds, seconds; undefined: nobody says. */
  readonly ttl: number | undefined;
}

const shortest = (aged: readonly Aged[]): number | undefined =>
  aged.length === 0 ? undefined : Math.min(...aged.map(({ ttl }) => ttl));

interface Addresses {
  readonly addresses: readonly string[];
  readonly ttl: number | undefined;
}

/** Of DNS: the name, or records of this type of it, are not there. Everything else means that nobody tells. */
const absent = new Set<unknown>(['ENOTFOUND', 'ENODATA']);
const isAbsence = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && absent.has(error.code);
const elseNothing =
  <T>(nothing: T) =>
  (error: unknown): T => {
    if (isAbsence(error)) return nothing;
    throw error;
  };
const noneWhereAbsent = elseNothing<Addresses>({ addresses: [], ttl: undefined });
const orNone = <T>(records: Promise<T[]>): Promise<T[]> => records.catch(elseNothing<T[]>([]));

/**
 * The system is asked first: it alone knows the hosts file, search domains and a container engine's names, and DNS asked for
 * `catalog.shop` as it is spelt may know somebody else's. What DNS says of the same addresses tells for how long they hold.
 */
async function addressesOf(sources: Sources, name: string): Promise<Addresses> {
  if (sources.dnsFirst) {
    const aged = await sources.dns(name);
    if (aged) return { addresses: aged.map(({ address }) => address), ttl: shortest(aged) };
  }
  const addresses = await sources.system(name);
  const aged = sources.dnsFirst ? [] : ((await sources.dns(name).catch(() => undefined)) ?? []);
  return { addresses, ttl: shortest(aged.filter(({ address }) => addresses.includes(address))) };
}

/** @throws when the name is not known, or nobody tells */
export async function lookUp(sources: Sources, name: string): Promise<Found> {
  if (!isServiceName(name)) {
    const { addresses, ttl } = await addressesOf(sources, name);
    return { targets: targetsOf(addresses), ttl };
  }
  const services = await sources.services(name);
  const found = await Promise.all(
    services.map(async ({ name: host, ...service }) => {
      // one that is not there must not take the others along
      const { addresses, ttl } = await addressesOf(sources, host).catch(noneWhereAbsent);
      return { targets: targetsOf(addresses, service), ttl };
    }),
  );
  const ttls = found.flatMap(({ ttl }) => ttl ?? []);
  return {
    targets: found.flatMap(({ targets }) => targets),
    ttl: ttls.length === 0 ? undefined : Math.min(...ttls),
  };
}

/** @throws StranglerError CONFIG_INVALID for servers that are no addresses */
export function realSources(servers: readonly string[]): Sources {
  const resolver = new Resolver({ timeout: 1_000, tries: 3 });
  try {
    if (servers.length > 0) resolver.setServers(servers);
  } catch (cause) {
    throw new StranglerError(
      'CONFIG_INVALID',
      `FACADE_DNS_SERVERS: '${servers.join(',')}': every server is an address, with a port where it is not 53`,
      { cause },
    );
  }
  return {
    dnsFirst: servers.length > 0,
    system: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
    async dns(name) {
      const [four, six] = await Promise.allSettled([
        orNone(resolver.resolve4(name, { ttl: true })),
        orNone(resolver.resolve6(name, { ttl: true })),
      ]);
      if (four.status === 'rejected') throw four.reason;
      // there are servers that fail, or are silent, when somebody asks for AAAA
      if (six.status === 'rejected' && four.value.length === 0) throw six.reason;
      const all = [...four.value, ...(six.status === 'fulfilled' ? six.value : [])];
      return all.length === 0 ? undefined : all;
    },
    services: (name) => resolver.resolveSrv(name),
    close: () => resolver.cancel(),
  };
}
