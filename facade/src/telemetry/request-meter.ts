import type { Counter, Histogram } from 'prom-client';
import type { Metrics } from './metrics.ts';

interface Served {
  readonly side: string;
  readonly reason: string;
  readonly status: number;
  readonly seconds: number;
}

/** The two metrics of every request, for one route: each combination of labels is looked up once. */
export class RequestMeter {
  readonly #metrics: Metrics;
  readonly #labels: { readonly context: string; readonly route: string };
  readonly #counters = new Map<string, Counter.Internal>();
  readonly #histograms = new Map<string, Histogram.Internal<string>>();

  constructor(metrics: Metrics, labels: { readonly context: string; readonly route: string }) {
    this.#metrics = metrics;
    this.#labels = labels;
  }

  record({ side, reason, status, seconds }: Served): void {
    const { requests, duration } = this.#metrics;
    const statusClass = `${Math.floor(status / 100)}xx`;
    const key = `${side} ${reason} ${statusClass}`;
    let counter = this.#counters.get(key);
    if (!counter) {
      counter = requests.labels({ ...this.#labels, side, reason, status: statusClass });
      this.#counters.set(key, counter);
    }
    counter.inc();
    let histogram = this.#histograms.get(side);
    if (!histogram) {
      histogram = duration.labels({ ...this.#labels, side });
      this.#histograms.set(side, histogram);
    }
    histogram.observe(seconds);
  }
}

/** A meter per route; undefined: what no context claims. */
export function requestMeters<Route extends object>(
  metrics: Metrics,
  labelsOf: (route: Route) => { readonly context: string; readonly route: string },
): (route: Route | undefined) => RequestMeter {
  const meters = new WeakMap<Route, RequestMeter>();
  const unclaimed = new RequestMeter(metrics, { context: '', route: '' });
  return (route) => {
    if (!route) return unclaimed;
    let meter = meters.get(route);
    if (!meter) {
      meter = new RequestMeter(metrics, labelsOf(route));
      meters.set(route, meter);
    }
    return meter;
  };
}
