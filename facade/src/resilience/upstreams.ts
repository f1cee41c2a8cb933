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

const endpointOf = (url: string): Endpoint => ({ key: url, url });
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

  constructor(standard: BulkheadLimits, onInstance: OnInstance = () => {}) {
    this.#standard = standard;
    this.#onInstance = onInstance;
  }

  get all(): ReadonlyMap<string, Upstream> {
    return this.#all;
  }

  of(address: string): Upstream {
    let upstream = this.#all.get(address);
    if (!upstream) {
      upstream = new Upstream(this.#limitsOf(address), this.#urlsOf(address), (instance) =>
        this.#onInstance(address, instance),
      );
      this.#all.set(address, upstream);
    }
    return upstream;
  }

  /** What context files say, of several contexts at one address: the smallest bound, and all instances. */
  use(said: readonly SaidOfAddress[]): void {
    this.#said = said;
    for (const [address, { bulkhead, balancer }] of this.#all) {
      bulkhead.limits = this.#limitsOf(address);
      balancer.use(this.#urlsOf(address).map(endpointOf));
    }
  }

  #limitsOf(address: string): BulkheadLimits {
    const { atATime, waiting } = this.#standard;
    const bounds = this.#of(address).flatMap(({ atATime: most }) => most ?? []);
    return { atATime: Math.min(atATime, ...bounds), waiting };
  }

  #urlsOf(address: string): string[] {
    const more = this.#of(address).flatMap(({ instances = [] }) => instances);
    return [...new Set([address, ...more])];
  }

  #of(address: string): SaidOfAddress[] {
    return this.#said.filter((one) => one.address === address);
  }
}
