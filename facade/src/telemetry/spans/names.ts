import type { Attributes } from '@opentelemetry/api';

/** What OpenTelemetry's conventions for HTTP know; others are `_OTHER`, so that nobody invents names of spans. */
const methods = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
]);

const known = (method: string): boolean => methods.has(method);

/** `GET /api/products/:id`; without a route the method alone. */
export const spanName = (method: string, route?: string): string =>
  `${known(method) ? method : 'HTTP'}${route === undefined ? '' : ` ${route}`}`;

export const methodAttributes = (method: string): Attributes =>
  known(method)
    ? { 'http.request.method': method }
    : { 'http.request.method': '_OTHER', 'http.request.method_original': method };

const defaultPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** Of an upstream's address: where it is, and nothing of user, password or query. */
export function serverAttributes(url: string): {
  readonly origin: string;
  readonly attributes: Attributes;
} {
  const { origin, hostname, port, protocol } = new URL(url);
  return {
    origin,
    attributes: {
      'server.address': hostname.replace(/^\[|\]$/g, ''),
      'server.port': port === '' ? (defaultPorts[protocol] ?? 0) : Number(port),
      'url.scheme': protocol.slice(0, -1),
    },
  };
}
