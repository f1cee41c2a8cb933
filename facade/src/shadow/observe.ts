import http, { type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { UpstreamAgents } from '../resilience/upstream-agents.ts';
import type { Observed } from './difference.ts';
import { decodeBody } from '../proxy/decode-body.ts';

export class ObservationFailed extends Error {
  readonly kind: 'error' | 'timeout' | 'too-large' | 'undecodable';
  override readonly name = 'ObservationFailed';

  constructor(kind: ObservationFailed['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface Observation {
  readonly upstream: string;
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body?: Buffer;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** Asks one side on its own account: bounded in time and bytes, and marked as a shadow. @throws ObservationFailed */
export async function observe(
  agents: UpstreamAgents,
  { upstream, method, target, headers, body, timeoutMs, maxBytes }: Observation,
): Promise<Observed> {
  const url = new URL(upstream);
  const raw = await new Promise<Observed>((resolve, reject) => {
    const client = url.protocol === 'https:' ? https : http;
    const outgoing = client.request({
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      method,
      agent: agents.for(url),
      path: url.pathname === '/' ? target : url.pathname.replace(/\/$/, '') + target,
      headers: { ...headers, 'x-strangler-shadow': '1' },
    });
    const fail = (kind: ObservationFailed['kind'], message: string): void => {
      clearTimeout(timer);
      reject(new ObservationFailed(kind, message));
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
  return decoded(raw, maxBytes);
}

/** @throws ObservationFailed */
export async function decoded(raw: Observed, maxBytes: number): Promise<Observed> {
  const encoding = raw.headers['content-encoding'];
  try {
    return {
      ...raw,
      body: await decodeBody(
        raw.body,
        typeof encoding === 'string' ? encoding : undefined,
        maxBytes * 8,
      ),
    };
  } catch (error) {
    throw new ObservationFailed(
      'undecodable',
      error instanceof Error ? error.message : String(error),
    );
  }
}
