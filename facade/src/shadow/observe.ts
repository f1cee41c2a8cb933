import type { IncomingHttpHeaders } from 'node:http';
import { AskFailed, askOnce } from '../proxy/ask-once.ts';
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
export async function observe(agents: UpstreamAgents, observation: Observation): Promise<Observed> {
  const headers = { ...observation.headers, 'x-strangler-shadow': '1' };
  try {
    const raw = await askOnce(agents, { ...observation, headers });
    return await decoded(raw, observation.maxBytes);
  } catch (error) {
    if (error instanceof AskFailed) throw new ObservationFailed(error.kind, error.message);
    throw error;
  }
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
