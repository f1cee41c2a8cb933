import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface Trace {
  readonly requestId: string;
  readonly traceId: string;
  /** For the upstream: the same trace, this facade as parent. */
  readonly traceparent: string;
}

const incoming =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:-.*)?$/;
const wellFormed = /^[\w.:-]{1,128}$/;

/** Continues the client's W3C trace or starts one. A request id is believed only from a proxy of ours. */
export function traceOf(headers: IncomingHttpHeaders, trusted: boolean): Trace {
  const parent =
    typeof headers.traceparent === 'string' ? incoming.exec(headers.traceparent) : null;
  const traceId = parent?.[1] ?? randomBytes(16).toString('hex');
  const given = headers['x-request-id'];
  const requestId =
    trusted && typeof given === 'string' && wellFormed.test(given) ? given : randomUUID();
  return {
    requestId,
    traceId,
    traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-${parent?.[2] ?? '01'}`,
  };
}
