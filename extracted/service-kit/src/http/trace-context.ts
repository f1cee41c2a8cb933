import { randomBytes } from 'node:crypto';

/** W3C Trace Context, level 1: https://www.w3.org/TR/trace-context/ */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: string;
}

/** What an event of the outbox says of the trace that it belongs to. */
export interface EventTrace {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const match = pattern.exec(header?.trim() ?? '');
  const [, version, traceId, spanId, flags, rest] = match ?? [];
  if (!version || !traceId || !spanId || !flags) return undefined;
  // Version 00 has exactly four fields; later versions may append more, ff is forbidden.
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, flags };
}

export const formatTraceparent = (trace: TraceContext): string =>
  `00-${trace.traceId}-${trace.spanId}-${trace.flags}`;

/** This service's span: in the caller's trace when there is one, in a new unsampled trace otherwise. */
export function continueTrace(
  parent: TraceContext | undefined,
  random: (bytes: number) => Buffer = randomBytes,
): TraceContext {
  return {
    traceId: parent?.traceId ?? random(16).toString('hex'),
    spanId: random(8).toString('hex'),
    flags: parent?.flags ?? '00',
  };
}
