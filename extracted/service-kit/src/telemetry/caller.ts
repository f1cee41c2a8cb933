import { type Context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import type { TraceContext } from '../http/trace-context.ts';

/** Whom a span is a child of: who called, or nobody. */
export const callerOf = (parent: TraceContext | undefined): Context =>
  parent
    ? trace.setSpanContext(ROOT_CONTEXT, {
        traceId: parent.traceId,
        spanId: parent.spanId,
        traceFlags: Number.parseInt(parent.flags, 16),
        isRemote: true,
      })
    : ROOT_CONTEXT;

/** What a span says to those whom it calls. */
export const ofSpan = (span: Span): TraceContext => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { traceId, spanId, flags: traceFlags.toString(16).padStart(2, '0') };
};
