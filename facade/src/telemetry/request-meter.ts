import { Counter, Histogram, type MetricType, type Registry } from 'prom-client';

/** Upper bounds, seconds. */
const bounds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10] as const;
const classes = ['0xx', '1xx', '2xx', '3xx', '4xx', '5xx', '6xx', '7xx', '8xx', '9xx'];

interface RouteLabels {
  readonly context: string;
  readonly route: string;
}
interface MeteredRoute {
  readonly context: string;
  readonly definition: { readonly name: string };
}
interface Counted {
  readonly labels: RouteLabels & {
    readonly side: string;
    readonly reason: string;
    readonly status: string;
  };
  count: number;
}
interface Timed {
  readonly labels: RouteLabels & { readonly side: string };
  /** One for each bound; what is slower than all of them is in `count` only. */
  readonly buckets: number[];
  sum: number;
  count: number;
}

/** The numbers of one route: a handful of each, so that walking along them costs less than making a key. */
export class RequestMeter {
  readonly counted: Counted[] = [];
  readonly timed: Timed[] = [];
  readonly labels: RouteLabels;

  constructor(labels: RouteLabels) {
    this.labels = labels;
  }

  record(side: string, reason: string, code: number, seconds: number): void {
    this.#counted(side, reason, classes[Math.floor(code / 100)] ?? 'xxx').count++;
    const timed = this.#timed(side);
    timed.sum += seconds;
    timed.count++;
    let index = 0;
    while (index < bounds.length && seconds > (bounds[index] ?? 0)) index++;
    if (index < bounds.length) timed.buckets[index] = (timed.buckets[index] ?? 0) + 1;
  }

  #counted(side: string, reason: string, status: string): Counted {
    for (const one of this.counted) {
      const { labels } = one;
      if (labels.side === side && labels.reason === reason && labels.status === status) return one;
    }
    const one: Counted = { labels: { ...this.labels, side, reason, status }, count: 0 };
    this.counted.push(one);
    return one;
  }

  #timed(side: string): Timed {
    for (const one of this.timed) if (one.labels.side === side) return one;
    const buckets = Array.from(bounds, () => 0);
    const one: Timed = { labels: { ...this.labels, side }, buckets, sum: 0, count: 0 };
    this.timed.push(one);
    return one;
  }
}

/** Its types name it, its code has it in the metric only. */
const typeOf = (metric: Counter | Histogram): MetricType =>
  Reflect.get(metric, 'type') as MetricType;

const requests = {
  name: 'facade_requests_total',
  help: 'Requests by where they went and why',
} as const;
const durations = {
  name: 'facade_request_duration_seconds',
  help: 'From the request to the end of the answer',
} as const;

/** The form in which prom-client tells a histogram: how many were at most so slow, then sum and count. */
function samplesOf({ labels, buckets, sum, count }: Timed) {
  const { name } = durations;
  let below = 0;
  const steps = bounds.map((le, index) => {
    below += buckets[index] ?? 0;
    return { labels: { le, ...labels }, value: below, metricName: `${name}_bucket` };
  });
  return [
    ...steps,
    { labels: { le: '+Inf', ...labels }, value: count, metricName: `${name}_bucket` },
    { labels, value: sum, metricName: `${name}_sum` },
    { labels, value: count, metricName: `${name}_count` },
  ];
}

/**
 * The two metrics of every request. prom-client makes a key of all labels for each observation, which is most of what it costs;
 * here they are numbers in place, and become prom-client's form when somebody looks.
 */
export class RequestMeters {
  readonly #unclaimed = new RequestMeter({ context: '', route: '' });
  readonly #all: RequestMeter[] = [this.#unclaimed];
  readonly #byRoute = new WeakMap<object, RequestMeter>();

  constructor(registry: Registry) {
    const all = this.#all;
    const registers = [registry];
    const collect = (): void => {};
    const counter = new Counter({
      ...requests,
      labelNames: ['context', 'route', 'side', 'reason', 'status'],
      registers,
    });
    counter.get = async () => ({
      ...requests,
      collect,
      type: typeOf(counter),
      aggregator: 'sum',
      values: all.flatMap(({ counted }) =>
        counted.map(({ labels, count }) => ({ labels: { ...labels }, value: count })),
      ),
    });
    const histogram = new Histogram({
      ...durations,
      labelNames: ['context', 'route', 'side'],
      buckets: [...bounds],
      registers,
    });
    histogram.get = async () => ({
      ...durations,
      collect,
      type: typeOf(histogram),
      aggregator: 'sum',
      values: all.flatMap(({ timed }) => timed.flatMap(samplesOf)),
    });
    // what prom-client itself asks for a text
    Reflect.set(histogram, 'getForPromString', () => histogram.get());
  }

  /** Of a route; undefined: what no context claims. */
  of(route: MeteredRoute | undefined): RequestMeter {
    if (!route) return this.#unclaimed;
    let meter = this.#byRoute.get(route.definition);
    if (!meter) {
      meter = this.#named(route.context, route.definition.name);
      this.#byRoute.set(route.definition, meter);
    }
    return meter;
  }

  /** A route that is taken for a write has a definition of its own, and the same name. */
  #named(context: string, route: string): RequestMeter {
    const known = this.#all.find(
      ({ labels }) => labels.context === context && labels.route === route,
    );
    const meter = known ?? new RequestMeter({ context, route });
    if (!known) this.#all.push(meter);
    return meter;
  }
}
