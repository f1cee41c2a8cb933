import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';

export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId?: string;
  readonly retryAfterSeconds?: number;
  /** The connection ends with this answer. */
  readonly close?: boolean;
  /** What else the answer says in its head. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Who failed, where it was not the facade. */
  readonly upstream?: 'monolith' | 'service';
  readonly context?: string;
  /** Clients of GraphQL look for `errors`. */
  readonly asGraphQl?: boolean;
}

const problemBody = ({
  status,
  code,
  detail,
  requestId,
  upstream,
  context,
  asGraphQl = false,
}: Problem): string =>
  JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    detail,
    ...(upstream ? { upstream } : {}),
    ...(context ? { context } : {}),
    ...(requestId ? { requestId } : {}),
    ...(asGraphQl ? { errors: [{ message: detail, extensions: { code } }] } : {}),
  });

/** Every answer that the facade makes itself (RFC 9457). An answer already begun can only be cut off. */
export function sendProblem(response: ServerResponse, problem: Problem): void {
  if (response.destroyed) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = problemBody(problem);
  if (problem.close) response.shouldKeepAlive = false;
  // with its own reason: an upstream's that could not be said stands in the response still, and would throw once more
  response.writeHead(problem.status, STATUS_CODES[problem.status] ?? 'Error', {
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    ...(problem.requestId ? { 'x-request-id': problem.requestId } : {}),
    ...(problem.retryAfterSeconds === undefined
      ? {}
      : { 'retry-after': String(problem.retryAfterSeconds) }),
    ...(problem.headers && Object.fromEntries(problem.headers)),
  });
  response.end(body);
}

/** The same for a socket that never became a response (a refused upgrade). */
export function rawProblem(problem: Problem): string {
  const body = problemBody(problem);
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? 'Error'}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...(problem.retryAfterSeconds === undefined
      ? []
      : [`retry-after: ${problem.retryAfterSeconds}`]),
    ...(problem.headers ?? []).map(([name, value]) => `${name}: ${value}`),
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
