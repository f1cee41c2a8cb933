import { randomUUID } from 'node:crypto';
import type { Span } from '@opentelemetry/api';
import { wellFormedTraceparent } from '@strangler-toolkit/plan/traces';
import { rawHeader } from '../proxy/raw-headers.ts';
import { randomHex } from './ids.ts';

export interface Trace {
  readonly requestId: string;
  readonly traceId: string;
  /** For the upstream: the same trace, this facade as parent. */
  readonly traceparent: string;
  /** Of the request, where it is told to a collector. */
  readonly span: Span | undefined;
}

const wellFormed = /^[\w.:-]{1,128}$/;

/** Believed only from a proxy of ours. */
export function requestIdOf(rawHeaders: readonly string[], trusted: boolean): string {
  const given = trusted ? rawHeader(rawHeaders, 'x-request-id') : undefined;
  return given !== undefined && wellFormed.test(given) ? given : randomUUID();
}

/** Continues the client's W3C trace or starts one, of which nobody is told here. */
export function traceOf(rawHeaders: readonly string[], trusted: boolean): Trace {
  const said = rawHeader(rawHeaders, 'traceparent');
  const parent = said === undefined ? null : wellFormedTraceparent.exec(said);
  const random = randomHex(24);
  const traceId = parent?.[1] ?? random.slice(16);
  return {
    requestId: requestIdOf(rawHeaders, trusted),
    traceId,
    traceparent: `00-${traceId}-${random.slice(0, 16)}-${parent?.[3] ?? '01'}`,
    span: undefined,
  };
}

/** As `traceOf`, and nobody further on tells it either. */
export function untoldTrace(rawHeaders: readonly string[], trusted: boolean): Trace {
  const trace = traceOf(rawHeaders, trusted);
  return { ...trace, traceparent: `${trace.traceparent.slice(0, -2)}00` };
}

/** A trace of its own, sampled as `traceparent` is: what belongs to it is nobody's child. */
export const otherTrace = (traceparent: string): string =>
  `00-${randomHex(16)}-${randomHex(8)}-${traceparent.slice(-2)}`;
