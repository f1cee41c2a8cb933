import type { SpanExporter, SpanProcessor, ReadableSpan } from '@opentelemetry/sdk-trace';

/** What became of a span that was over: the collector has it, it would not take it, or too many waited already. */
export type SpanOutcome = 'sent' | 'failed' | 'dropped';

export interface OutletOptions {
  /** Spans that may wait or be under way. */
  readonly limit: number;
  readonly onSpans: (outcome: SpanOutcome, count: number) => void;
  /** Told when it begins to fail, and with undefined when it goes on; not each time. */
  readonly onProblem: (problem: string | undefined) => void;
}

const sampled = 1;

/** Keeps the books of spans on their way out: how many wait, what became of them, and whether the collector answers. */
export class Outlet {
  readonly #options: OutletOptions;
  #pending = 0;
  #failing = false;

  constructor(options: OutletOptions) {
    this.#options = options;
  }

  /** What `inner` exports, in its batches. */
  exporter(inner: SpanExporter): SpanExporter {
    return {
      export: (spans, done) =>
        inner.export(spans, (result) => {
          this.#settled(spans.length, result.code === 0 ? undefined : told(result.error));
          done(result);
        }),
      shutdown: () => inner.shutdown(),
      forceFlush: () => inner.forceFlush?.() ?? Promise.resolve(),
    };
  }

  /** Spans for which there is room. */
  processor(inner: SpanProcessor): SpanProcessor {
    return {
      onStart: () => {},
      onEnd: (span: ReadableSpan) => {
        if ((span.spanContext().traceFlags & sampled) === 0) return;
        if (this.#pending >= this.#options.limit) return this.#options.onSpans('dropped', 1);
        this.#pending++;
        inner.onEnd(span);
      },
      forceFlush: () => inner.forceFlush(),
      shutdown: () => inner.shutdown(),
    };
  }

  #settled(count: number, problem: string | undefined): void {
    this.#pending -= count;
    const { onSpans, onProblem } = this.#options;
    onSpans(problem === undefined ? 'sent' : 'failed', count);
    if (this.#failing === (problem !== undefined)) return;
    this.#failing = problem !== undefined;
    onProblem(problem);
  }
}

const told = (error: Error | undefined): string => error?.message || 'it was not taken';
