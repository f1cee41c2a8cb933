import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions } from 'node:tls';
import { HeadMender } from './mend-head.ts';

type WriteDone = (error?: Error | null) => void;

/**
 * A server may refuse an upload before it has read it, answer, and close. The next write then fails while the answer waits in
 * the receive buffer; node destroys the socket and the answer with it. Here a failed write only ends writing: the read side
 * finds the answer, or the reset.
 */
export function keepReadingAfterFailedWrite<S extends Duplex>(socket: S): S {
  let deaf = false;
  const isReset = (error: Error | null | undefined): boolean =>
    !!error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ECONNRESET');
  const guard =
    (done: WriteDone): WriteDone =>
    (error) => {
      if (!isReset(error)) return done(error);
      deaf = true;
      socket.resume();
      return done();
    };
  const write = socket._write.bind(socket);
  socket._write = (chunk, encoding, done) => (deaf ? done() : write(chunk, encoding, guard(done)));
  const writev = socket._writev?.bind(socket);
  if (writev) socket._writev = (chunks, done) => (deaf ? done() : writev(chunks, guard(done)));
  return socket;
}

/** Heads of answers are mended on their way from the connection to the parser, which stays as strict as it is. */
function mendAnswers<S extends Duplex>(socket: S, headerBytes: number): S {
  const mender = new HeadMender(headerBytes);
  const push = socket.push.bind(socket);
  socket.push = (chunk: Buffer | null) => {
    const ready = chunk === null ? mender.end() : mender.take(chunk);
    const wanted = ready.length === 0 || push(ready);
    return chunk === null ? push(null) : wanted;
  };
  return socket;
}

/** How an upstream is known and what it is shown, by `host:port`. */
export type UpstreamTls = (
  hostPort: string,
) => (SecureContextOptions & { readonly servername: string }) | undefined;

export interface AgentLimits {
  /** Connections to one upstream at a time; more requests wait for one. */
  readonly connections: number;
  /** Bytes that the head of an answer may have. */
  readonly headerBytes: number;
  /** Addresses of old servers: what they send is mended, and each request to them has a connection of its own. */
  readonly lenientTo?: readonly string[];
  readonly tls?: UpstreamTls | undefined;
}

/** What a request must know before it gets a connection, and its options cannot say when a library makes it. */
function prepare(request: http.ClientRequest, { headerBytes }: AgentLimits): void {
  request.maxHeadersCount = 0;
  Reflect.set(request, 'maxHeaderSize', headerBytes);
}

type Adding = (request: http.ClientRequest, ...more: unknown[]) => void;

/** An agent of node's whose connections let an early answer through, and whose requests know the limits. */
function patient<A extends http.Agent>(agent: A, limits: AgentLimits, mends = false): A {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, ...more) => {
    const { host = '', port } = options as { host?: string; port?: number | string };
    const secure = limits.tls?.(`${host}:${port || 443}`);
    const socket = connect(secure ? { ...options, ...secure } : options, ...more);
    if (!socket) return socket;
    const deaf = keepReadingAfterFailedWrite(socket);
    return mends ? mendAnswers(deaf, limits.headerBytes) : deaf;
  };
  const add = Reflect.get<http.Agent, string>(agent, 'addRequest') as Adding;
  Reflect.set(agent, 'addRequest', (request: http.ClientRequest, ...more: unknown[]) => {
    prepare(request, limits);
    Reflect.apply(add, agent, [request, ...more]);
  });
  return agent;
}

/** Idle connections are dropped before common servers drop them (node: 5 s): fewer requests meet a closing connection. */
const idle = { keepAlive: true, maxFreeSockets: 256, timeout: 4_000, scheduling: 'lifo' } as const;

export interface UpstreamAgents {
  /** `fresh`: a connection that nothing was sent on before. */
  for(url: URL, connection?: 'pooled' | 'fresh'): http.Agent;
  /** Addresses whose answers are mended. */
  readonly mended: ReadonlySet<string>;
  /** More of them. */
  mend(addresses: readonly string[]): void;
  destroy(): void;
}

const standard: AgentLimits = { connections: 256, headerBytes: 65_536 };

export function upstreamAgents(limits: AgentLimits = standard): UpstreamAgents {
  const pooled = { ...idle, maxSockets: limits.connections };
  // where an answer begins is certain on a connection of its own only
  const alone = { keepAlive: false, maxSockets: limits.connections };
  const agents = {
    pooled: {
      'http:': patient(new http.Agent(pooled), limits),
      'https:': patient(new https.Agent(pooled), limits),
    },
    fresh: {
      'http:': patient(new http.Agent({ keepAlive: false }), limits),
      'https:': patient(new https.Agent({ keepAlive: false }), limits),
    },
    mended: {
      'http:': patient(new http.Agent(alone), limits, true),
      'https:': patient(new https.Agent(alone), limits, true),
    },
  };
  const mended = new Set<string>();
  const origins = new Set<string>();
  const mend = (addresses: readonly string[]): void => {
    for (const address of addresses) {
      mended.add(address);
      origins.add(new URL(address).origin);
    }
  };
  mend(limits.lenientTo ?? []);
  return {
    mended,
    mend,
    for: ({ protocol, origin }, connection = 'pooled') =>
      agents[origins.has(origin) ? 'mended' : connection][
        protocol === 'https:' ? 'https:' : 'http:'
      ],
    destroy() {
      for (const kind of Object.values(agents))
        for (const agent of Object.values(kind)) agent.destroy();
    },
  };
}
