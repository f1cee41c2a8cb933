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
const endpointOf = (url: string): Endpoint => ({ key: keyOf(url), url });
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

  constructor(limits: BulkheadLimits, urls: readonly string[], onChange: (one: Instance) => void) {
    this.bulkhead = new Bulkhead(limits);
    this.balancer = new Balancer(urls.map(endpointOf));
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
  #said: readonly SaidOfAddress[] = [];
  readonly #all = new Map<string, Upstream>();
  /** As context files spell addresses: requests do not read them again. */
  readonly #spelt = new Map<string, Upstream>();

  constructor(standard: BulkheadLimits, onInstance: OnInstance = () => {}) {
    this.#standard = standard;
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
      upstream = new Upstream(this.#limitsOf(key), this.#urlsOf(key, address), (instance) =>
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
    for (const [key, { bulkhead, balancer }] of this.#all) {
      bulkhead.limits = this.#limitsOf(key);
      balancer.use(this.#urlsOf(key, key).map(endpointOf));
    }
  }

  #limitsOf(key: string): BulkheadLimits {
    const { atATime, waiting } = this.#standard;
    const bounds = this.#of(key).flatMap(({ atATime: most }) => most ?? []);
    return { atATime: Math.min(atATime, ...bounds), waiting };
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
