import { randomUUID } from 'node:crypto';
import { rawHeader } from '../proxy/raw-headers.ts';
import { randomHex } from './ids.ts';

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
export function traceOf(rawHeaders: readonly string[], trusted: boolean): Trace {
  const said = rawHeader(rawHeaders, 'traceparent');
  const parent = said === undefined ? null : incoming.exec(said);
  const random = randomHex(24);
  const traceId = parent?.[1] ?? random.slice(16);
  const given = trusted ? rawHeader(rawHeaders, 'x-request-id') : undefined;
  const requestId = given !== undefined && wellFormed.test(given) ? given : randomUUID();
  return {
    requestId,
    traceId,
    traceparent: `00-${traceId}-${random.slice(0, 16)}-${parent?.[2] ?? '01'}`,
  };
}
