import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';

/** Of W3C's header: trace, span, flags. */
export const wellFormedTraceparent =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** What W3C's header says; undefined: nothing that could be continued. */
export function parseTraceparent(
  said: string | null | undefined,
): Pick<SpanContext, 'traceId' | 'spanId' | 'traceFlags'> | undefined {
  // whatever its length, the pattern gives up at the first letter that is wrong
  const match = said === undefined || said === null ? null : wellFormedTraceparent.exec(said);
  const [, traceId, spanId, flags] = match ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}

export const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;

/** What a span belongs to that another process began; a root where it said nothing, or nonsense. */
export function contextOf(
  traceparent: string | null | undefined,
  tracestate: string | null | undefined,
): Context {
  const parent = parseTraceparent(traceparent);
  if (!parent) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    ...parent,
    isRemote: true,
    // too long, or no list of pairs: it is taken for none
    ...(tracestate && { traceState: createTraceState(tracestate) }),
  });
}
