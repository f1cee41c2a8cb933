import { type Context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
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
