import type { Span, SpanContext } from '@opentelemetry/api';
import type { Side } from '@strangler-toolkit/plan';
import { traceparentOf } from '@strangler-toolkit/plan/traces';
import { otherTrace } from '../trace.ts';
import { methodAttributes, serverAttributes, spanName } from './names.ts';
import { endSpan, type Spans } from './spans.ts';

export interface Shadowed {
  readonly method: string;
  /** Without identifiers. */
  readonly path: string;
  /** As the context file has it. */
  readonly pattern: string;
  readonly context: string;
  readonly route: string;
  readonly epoch: string;
  /** What the client's own request sent on. */
  readonly traceparent: string;
  /** The client's request; undefined: it is not told. */
  readonly origin: SpanContext | undefined;
}
interface Result {
  readonly outcome: string;
  readonly differences: readonly unknown[];
}

/** The trace of one comparison: a root of its own, linked to the request that it is the shadow of. */
export class ShadowTrace {
  readonly #spans: Spans | undefined;
  readonly #shadowed: Shadowed;
  readonly #root: Span | undefined;
  readonly #untold: string;

  constructor(spans: Spans | undefined, shadowed: Shadowed) {
    this.#spans = spans;
    this.#shadowed = shadowed;
    const { method, pattern, context, route, epoch, origin, traceparent } = shadowed;
    this.#untold = otherTrace(traceparent);
    this.#root =
      origin &&
      spans?.shadow(origin, `shadow ${spanName(method, pattern)}`, {
        ...methodAttributes(method),
        'http.route': pattern,
        'strangler.shadow': true,
        'strangler.context': context,
        'strangler.route': route,
        'strangler.epoch': epoch,
      });
  }

  /** Asks one side; `work` gets what to send as `traceparent`. */
  async asked<Answer extends { readonly status: number }>(
    side: Side,
    upstream: string,
    work: (traceparent: string) => Promise<Answer>,
  ): Promise<Answer> {
    if (!this.#root || !this.#spans) return work(this.#untold);
    const { method, path } = this.#shadowed;
    const { origin, attributes } = serverAttributes(upstream);
    const span = this.#spans.ask(this.#root, method, {
      ...attributes,
      'url.full': origin + path,
      'strangler.target': side,
      'strangler.shadow': true,
    });
    try {
      const answer = await work(traceparentOf(span.spanContext()));
      const { status } = answer;
      const error = status >= 400 ? String(status) : undefined;
      endSpan(span, { attributes: { 'http.response.status_code': status }, error });
      return answer;
    } catch (error) {
      endSpan(span, { attributes: {}, error: error instanceof Error ? error.name : 'error' });
      throw error;
    }
  }

  /** What differs is in the samples, masked; here stands how much. */
  compared({ outcome, differences }: Result): void {
    if (!this.#root) return;
    endSpan(this.#root, {
      attributes: {
        'strangler.shadow.outcome': outcome,
        'strangler.shadow.differences': differences.length,
      },
      error: undefined,
    });
  }
}
