import {
  type Attributes,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import {
  openTraces,
  type OpenTraces,
  parseTraceparent,
  traceparentOf,
} from '@strangler-toolkit/plan/traces';
import type { Logger } from 'pino';
import { rawHeader } from '../../proxy/raw-headers.ts';
import type { Metrics } from '../metrics.ts';
import { requestIdOf, type Trace, untoldTrace } from '../trace.ts';
import { believedFlags } from './believed-flags.ts';
import { methodAttributes, spanName } from './names.ts';

export interface SpansOptions {
  readonly url: string;
  readonly ratio: number;
  /** Of this facade. */
  readonly name: string;
  readonly metrics: Pick<Metrics, 'spans'>;
  readonly log: Logger;
}

/** As a span tells how it ended; `error`: what kind of failure, where it was one. */
export interface Ending {
  readonly attributes: Attributes;
  readonly error: string | undefined;
}

export function endSpan(span: Span, { attributes, error }: Ending): void {
  span.setAttributes(attributes);
  if (error !== undefined) {
    span.setAttribute('error.type', error);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

const childOf = (span: Span): Context => trace.setSpan(ROOT_CONTEXT, span);

/** Makes the spans of a facade. There is one only where traces are wanted: else nothing of this is asked. */
export class Spans {
  readonly #options: SpansOptions;
  #open: OpenTraces | undefined;
  // until it is open it makes none
  #tracer: Tracer = trace.getTracer('@strangler-toolkit/facade');

  constructor(options: SpansOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { url, name, metrics, log } = this.#options;
    const { host } = new URL(url);
    this.#open = await openTraces({
      url,
      // what is not to be told is left out before
      ratio: 1,
      service: 'strangler-facade',
      instance: name,
      onSpans: (outcome, count) => metrics.spans.inc({ outcome }, count),
      onProblem: (problem) => {
        if (problem === undefined) log.info({ collector: host }, 'traces are taken again');
        else log.warn({ collector: host, problem }, 'traces are not taken: requests go on without');
      },
    });
    this.#tracer = this.#open.provider.getTracer('@strangler-toolkit/facade');
  }

  async close(withinMs: number): Promise<void> {
    await this.#open?.close(withinMs);
  }

  /** A request came: its trace, and its span where it is told. */
  arrive(rawHeaders: readonly string[], trusted: boolean, method: string): Trace {
    const parent = this.#parentOf(rawHeaders, trusted);
    const { ratio } = this.#options;
    // before the SDK is asked: what is not told costs no more than where there is no collector
    if (parent ? parent.traceFlags === 0 : Math.random() >= ratio)
      return untoldTrace(rawHeaders, trusted);
    const span = this.#tracer.startSpan(
      spanName(method),
      { kind: SpanKind.SERVER, attributes: methodAttributes(method) },
      parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT,
    );
    const own = span.spanContext();
    return {
      requestId: requestIdOf(rawHeaders, trusted),
      traceId: own.traceId,
      traceparent: traceparentOf(own),
      span,
    };
  }

  /** Something that an upstream is asked for. */
  ask(parent: Span, method: string, attributes: Attributes): Span {
    return this.#tracer.startSpan(
      spanName(method),
      { kind: SpanKind.CLIENT, attributes: { ...methodAttributes(method), ...attributes } },
      childOf(parent),
    );
  }

  /** Something inside the facade that took its time and is over. */
  waited(
    parent: Span,
    name: string,
    { waitedMs, attributes }: { waitedMs: number; attributes: Attributes },
  ): void {
    const startTime = Date.now() - waitedMs;
    this.#tracer.startSpan(name, { startTime, attributes }, childOf(parent)).end();
  }

  /** A shadow is no part of its client's trace: nobody waited for it. It tells whose it is. */
  shadow(of: SpanContext, name: string, attributes: Attributes): Span {
    return this.#tracer.startSpan(
      name,
      { root: true, attributes, links: [{ context: of }] },
      ROOT_CONTEXT,
    );
  }

  #parentOf(rawHeaders: readonly string[], trusted: boolean): SpanContext | undefined {
    const said = parseTraceparent(rawHeader(rawHeaders, 'traceparent'));
    if (!said) return undefined;
    const { ratio } = this.#options;
    const traceFlags = believedFlags(said.traceFlags, { trusted, ratio, chance: Math.random() });
    const tracestate = rawHeader(rawHeaders, 'tracestate');
    return {
      ...said,
      traceFlags,
      isRemote: true,
      ...(tracestate && { traceState: createTraceState(tracestate) }),
    };
  }
}
