/** Where one instance of an upstream is reached. */
export interface Endpoint {
  /** Equal keys are the same instance. */
  readonly key: string;
  /** With the path of the upstream's own address. */
  readonly url: string;
  /** Where the name in `url` was found; undefined: every connection looks it up. */
  readonly at?: { readonly addresses: readonly string[]; readonly port: number };
  /** The smallest of those that serve is asked. Default: 0. */
  readonly priority?: number;
  /** Its share, beside others of its priority. Default: 1. */
  readonly weight?: number;
}

/** One instance, with what is known of it. */
export interface Instance {
  /** The newest of its key. */
  endpoint: Endpoint;
  /** Requests that it is asked right now. */
  active: number;
  failures: number;
  state: 'serving' | 'ejected' | 'probed';
  /** Until it is asked again, where it is ejected; on this process's monotonic clock, milliseconds. */
  until: number;
  waits: number;
}

export type InstanceVerdict = 'well' | 'failed' | 'unknown';

const failuresInARow = 5;
const firstWaitMs = 500;
const longestWaitMs = 10_000;
/** A write tries an ejected instance only where no read did for so long. */
const readsFirstMs = 5_000;

const fresh = (endpoint: Endpoint): Instance => ({
  endpoint,
  active: 0,
  failures: 0,
  state: 'serving',
  until: 0,
  waits: 0,
});

const priorityOf = ({ endpoint: { priority = 0 } }: Instance): number => priority;
/** Beside others, weight 0 is all but nothing. */
const weightOf = ({ endpoint: { weight = 1 } }: Instance): number => Math.max(weight, 0.01);

export interface Pick {
  readonly now: number;
  /** It can be asked again elsewhere when it fails. */
  readonly repeatable: boolean;
  /** Failed just now. */
  readonly except?: Instance;
}

/**
 * The instance with the fewest requests is asked next. One that fails five times in a row is left alone for half a second, then
 * ever longer, at most 10 s; one request at a time tries it again. When all are left alone, all are asked: somebody must answer.
 */
export class Balancer {
  readonly #random: () => number;
  #instances: readonly Instance[] = [];
  #weighted = false;
  #turn = 0;

  constructor(endpoints: readonly Endpoint[], random: () => number = Math.random) {
    this.#random = random;
    this.use(endpoints);
  }

  get instances(): readonly Instance[] {
    return this.#instances;
  }

  /** The only one there is. */
  get alone(): Instance | undefined {
    return this.#instances.length === 1 ? this.#instances[0] : undefined;
  }

  /** Those that stay keep what is known of them. Nobody is taken for everybody: the last known ones stay. */
  use(endpoints: readonly Endpoint[]): void {
    if (endpoints.length === 0) return;
    const known = new Map(this.#instances.map((instance) => [instance.endpoint.key, instance]));
    const wanted = new Map(endpoints.map((endpoint) => [endpoint.key, endpoint]));
    this.#instances = [...wanted.values()].map((endpoint) => {
      const one = known.get(endpoint.key) ?? fresh(endpoint);
      one.endpoint = endpoint;
      return one;
    });
    const weights = new Set(this.#instances.map(weightOf));
    this.#weighted = weights.size > 1;
  }

  /** Undefined: there is no other than the one that failed. */
  pick({ now, repeatable, except }: Pick): Instance | undefined {
    const all = this.#instances;
    let best: Instance | undefined;
    let any: Instance | undefined;
    const tier = this.#tier(except);
    this.#turn = (this.#turn + 1) % all.length;
    for (let step = 0; step < all.length; step++) {
      const one = all[(this.#turn + step) % all.length];
      if (!one || one === except || priorityOf(one) > tier) continue;
      if (one.state === 'ejected' && now >= one.until + (repeatable ? 0 : readsFirstMs)) {
        one.state = 'probed';
        return one;
      }
      if (one.state === 'serving' && (!best || one.active < best.active)) best = one;
      if (!any || one.active < any.active) any = one;
    }
    return best && this.#weighted ? this.#byWeight(tier, except) : (best ?? any);
  }

  /** The busier it is, the less its weight counts. */
  #byWeight(tier: number, except: Instance | undefined): Instance | undefined {
    const able = this.#instances.filter(
      (one) => one.state === 'serving' && one !== except && priorityOf(one) === tier,
    );
    const shares = able.map((one) => weightOf(one) / (one.active + 1));
    let left = this.#random() * shares.reduce((sum, share) => sum + share, 0);
    return able.find((_one, index) => (left -= shares[index] ?? 0) < 0) ?? able.at(-1);
  }

  /** Others are asked only where none before them serves. */
  #tier(except: Instance | undefined): number {
    let tier = Infinity;
    for (const one of this.#instances)
      if (one !== except && one.state === 'serving') tier = Math.min(tier, priorityOf(one));
    return tier;
  }

  note(instance: Instance, verdict: InstanceVerdict, now: number): void {
    const probed = instance.state === 'probed';
    if (verdict === 'unknown') {
      // nobody waited for the answer: the next one may try at once
      if (probed) instance.state = 'ejected';
      return;
    }
    if (verdict === 'well') {
      instance.failures = 0;
      instance.waits = 0;
      instance.state = 'serving';
      return;
    }
    instance.failures++;
    // late failures of one that is left alone already say nothing new
    if (!probed && (instance.state === 'ejected' || instance.failures < failuresInARow)) return;
    const wait = Math.min(firstWaitMs * 2 ** instance.waits, longestWaitMs);
    instance.waits++;
    instance.state = 'ejected';
    // facades do not all try at once
    instance.until = now + wait * (0.75 + this.#random() / 4);
  }
}
