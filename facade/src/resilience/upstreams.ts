import { bareHost, endpointsAt, type Target } from '../addresses/targets.ts';
import { Balancer, type Endpoint, type Instance, type InstanceVerdict } from './balancer.ts';
import { Bulkhead, type BulkheadLimits } from './bulkhead.ts';

/** What context files say of one address. */
export interface SaidOfAddress {
  readonly address: string;
  /** Requests at a time. */
  readonly atATime?: number | undefined;
  /** Further addresses of the same. */
  readonly instances?: readonly string[];
}

/** `address`: the upstream's, whoever of it fails. */
export type OnInstance = (address: string, instance: Instance) => void;

/** `http://m` and `http://M:80/` are one address. */
function keyOf(address: string): string {
  if (!URL.canParse(address)) return address;
  const { origin, pathname } = new URL(address);
  return origin + pathname.replace(/\/$/, '');
}

/** What is known of the names in addresses. */
export interface KnownNames {
  of(host: string): readonly Target[];
  suspect(host: string): void;
}
const nobodyKnows: KnownNames = { of: () => [], suspect: () => {} };
/** Of those under way so many may be repeated ones: a service that goes down must not get twice its load for it. */
const shareOfRetries = 0.2;
const fewRetries = 3;

/** One address that is asked, with what belongs to it whoever asks. */
export class Upstream {
  readonly bulkhead: Bulkhead;
  readonly balancer: Balancer;
  /** Requests that are asked a second time right now. */
  retrying = 0;
  readonly #onChange: (instance: Instance) => void;

  constructor(
    limits: BulkheadLimits,
    endpoints: readonly Endpoint[],
    onChange: (one: Instance) => void,
  ) {
    this.bulkhead = new Bulkhead(limits);
    this.balancer = new Balancer(endpoints);
    this.#onChange = onChange;
  }

  get mayRetry(): boolean {
    return this.retrying < Math.max(fewRetries, this.bulkhead.inFlight * shareOfRetries);
  }

  note(instance: Instance, verdict: InstanceVerdict): void {
    const { state } = instance;
    this.balancer.note(instance, verdict, performance.now());
    if (instance.state !== state) this.#onChange(instance);
  }
}

/** By address: contexts that share one share its bounds and its instances. */
export class Upstreams {
  readonly #standard: BulkheadLimits;
  readonly #onInstance: OnInstance;
  readonly #names: KnownNames;
  #said: readonly SaidOfAddress[] = [];
  readonly #all = new Map<string, Upstream>();
  /** As context files spell addresses: requests do not read them again. */
  readonly #spelt = new Map<string, Upstream>();

  constructor(
    standard: BulkheadLimits,
    onInstance: OnInstance = () => {},
    names: KnownNames = nobodyKnows,
  ) {
    this.#standard = standard;
    this.#names = names;
    this.#onInstance = onInstance;
  }

  get all(): ReadonlyMap<string, Upstream> {
    return this.#all;
  }

  of(address: string): Upstream {
    const known = this.#spelt.get(address);
    if (known) return known;
    const key = keyOf(address);
    let upstream = this.#all.get(key);
    if (!upstream) {
      upstream = new Upstream(this.#limitsOf(key), this.#endpointsOf(key, address), (instance) =>
        this.#onInstance(address, instance),
      );
      this.#all.set(key, upstream);
    }
    this.#spelt.set(address, upstream);
    return upstream;
  }

  /** What context files say, of several contexts at one address: the smallest bound, and all instances. */
  use(said: readonly SaidOfAddress[]): void {
    this.#said = said;
    for (const [key, { bulkhead }] of this.#all) bulkhead.limits = this.#limitsOf(key);
    this.refresh();
  }

  /** Names have other addresses. Who is gone gets nothing new; what it was asked ends there. */
  refresh(): void {
    for (const [key, { balancer }] of this.#all) balancer.use(this.#endpointsOf(key, key));
  }

  /** All that may be asked. */
  get endpoints(): Endpoint[] {
    return [...this.#all.values()].flatMap(({ balancer }) =>
      balancer.instances.map(({ endpoint }) => endpoint),
    );
  }

  /** No connection to one of its addresses stood. */
  suspect(address: string): void {
    this.#names.suspect(bareHost(new URL(address)));
  }

  #limitsOf(key: string): BulkheadLimits {
    const { atATime, waiting } = this.#standard;
    const bounds = this.#of(key).flatMap(({ atATime: most }) => most ?? []);
    return { atATime: Math.min(atATime, ...bounds), waiting };
  }

  #endpointsOf(key: string, first: string): Endpoint[] {
    return this.#urlsOf(key, first).flatMap((url) =>
      endpointsAt(keyOf(url), url, URL.canParse(url) ? this.#names.of(bareHost(new URL(url))) : []),
    );
  }

  #urlsOf(key: string, first: string): string[] {
    const more = this.#of(key).flatMap(({ instances = [] }) => instances);
    const urls = [first, ...more];
    const keys = urls.map(keyOf);
    return urls.filter((_url, index) => keys.indexOf(keys[index] ?? '') === index);
  }

  #of(key: string): SaidOfAddress[] {
    return this.#said.filter(({ address }) => keyOf(address) === key);
  }
}
