/** Of one connection alone: RFC 9110 §7.6.1, and what old proxies still send. */
export const hopByHopHeaders: readonly string[] = [
  'connection',
  'proxy-connection',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
  'proxy-authenticate',
  'proxy-authorization',
];
/** What the facade says itself to upstreams, or not at all. */
export const facadeHeaders: readonly string[] = [
  'x-request-id',
  'traceparent',
  'expect',
  'http2-settings',
];

/** Whether no upstream ever gets a header as its client sent it; the name in lower case. */
export const neverForwarded = (lower: string): boolean =>
  lower.startsWith('x-strangler-') ||
  hopByHopHeaders.includes(lower) ||
  facadeHeaders.includes(lower);
