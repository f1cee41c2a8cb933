import type { IncomingHttpHeaders } from 'node:http';
import type { SpanContext } from '@opentelemetry/api';
import { collapsedAs, type CompiledRoute } from '@strangler-toolkit/plan';
import { ShadowTrace } from '../telemetry/spans/shadow-trace.ts';
import type { Spans } from '../telemetry/spans/spans.ts';

interface Mirrored {
  readonly route: CompiledRoute;
  readonly method: string;
  readonly target: { readonly path: string };
  readonly headers: IncomingHttpHeaders;
  readonly epoch: bigint;
  readonly origin?: SpanContext | undefined;
}

/** The state of a trace goes with the trace: a shadow is in none of the client's. */
export const inTrace = (
  { tracestate: _, ...headers }: IncomingHttpHeaders,
  traceparent: string,
): IncomingHttpHeaders => ({ ...headers, traceparent });

export function shadowTrace(spans: Spans | undefined, read: Mirrored): ShadowTrace {
  const { route, method, target, headers, epoch, origin } = read;
  const { path: pattern, name } = route.definition;
  return new ShadowTrace(spans, {
    method,
    path: collapsedAs(pattern, target.path),
    pattern,
    context: route.context,
    route: name,
    epoch: String(epoch),
    traceparent: String(headers.traceparent ?? ''),
    origin,
  });
}
