import http, { type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { UpstreamAgents } from '../resilience/upstream-agents.ts';

export class AskFailed extends Error {
  readonly kind: 'error' | 'timeout' | 'too-large';
  override readonly name = 'AskFailed';

  constructor(kind: AskFailed['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface Question {
  readonly upstream: string;
  readonly method: string;
  readonly target: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Buffer;
  /** Until the whole answer must be there. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly connection?: 'pooled' | 'fresh';
}
export interface WholeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Asks an upstream on the facade's own account: bounded in time and bytes, never repeated. @throws AskFailed */
export function askOnce(
  agents: UpstreamAgents,
  { upstream, method, target, headers, body, timeoutMs, maxBytes, connection }: Question,
): Promise<WholeAnswer> {
  const url = new URL(upstream);
  return new Promise((resolve, reject) => {
    const client = url.protocol === 'https:' ? https : http;
    const outgoing = client.request({
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      method,
      agent: agents.own(url, connection),
      path: url.pathname === '/' ? target : url.pathname.replace(/\/$/, '') + target,
      // of a GET node says no length, and its body would be read as the next request
      headers: body ? { ...headers, 'content-length': body.length } : headers,
    });
    const fail = (kind: AskFailed['kind'], message: string): void => {
      clearTimeout(timer);
      reject(new AskFailed(kind, message));
      outgoing.destroy();
    };
    const timer = setTimeout(fail, timeoutMs, 'timeout', `no whole answer within ${timeoutMs} ms`);
    outgoing.on('error', (error) => fail('error', error.message));
    outgoing.on('response', (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxBytes) fail('too-large', `more than ${maxBytes} bytes`);
        else chunks.push(chunk);
      });
      answer.on('error', (error) => fail('error', error.message));
      answer.on('end', () => {
        clearTimeout(timer);
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(chunks),
        });
      });
    });
    outgoing.end(body);
  });
}

/** The status with which an upstream answers a GET, on a connection like those of requests. @throws AskFailed */
export async function statusThrough(agents: UpstreamAgents, address: string): Promise<number> {
  const { origin, pathname, search } = new URL(address);
  const { status } = await askOnce(agents, {
    upstream: origin,
    method: 'GET',
    target: pathname + search,
    headers: {},
    timeoutMs: 2_000,
    maxBytes: 1_048_576,
  });
  return status;
}
