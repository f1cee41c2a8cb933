import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions } from 'node:tls';
import type { LookupFunction } from 'node:net';
import { bareHost, certificateName, portOf, wayTo } from '../addresses/targets.ts';
import type { Endpoint } from './balancer.ts';
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
  /** Finds what is known of names already. */
  readonly lookup?: LookupFunction;
  /** Where a request goes that the facade sends on its own account, when its name says more than addresses. */
  readonly ownTo?: (url: URL) => Endpoint | undefined;
  /** No connection to it stood. */
  readonly onUnreachable?: (upstream: string) => void;
}

/** What a request must know before it gets a connection, and its options cannot say when a library makes it. */
function prepare(request: http.ClientRequest, { headerBytes }: AgentLimits): void {
  request.maxHeadersCount = 0;
  Reflect.set(request, 'maxHeaderSize', headerBytes);
}

interface ConnectionOptions {
  readonly host?: string;
  readonly port?: number | string;
}
type Adding = (request: http.ClientRequest, options: ConnectionOptions) => void;

/** An agent of node's whose connections let an early answer through, and whose requests know the limits. */
function patient<A extends http.Agent>(
  agent: A,
  limits: AgentLimits,
  mends = false,
  to?: Endpoint,
): A {
  const url = to && new URL(to.url);
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, ...more) => {
    const { host = '', port } = options as ConnectionOptions;
    const secure = limits.tls?.(url ? `${bareHost(url)}:${portOf(url)}` : `${host}:${port || 443}`);
    const socket = connect(secure ? { ...options, ...secure } : options, ...more);
    if (!socket) return socket;
    const { onUnreachable } = limits;
    if (to && onUnreachable)
      socket.once('error', () => {
        if (Reflect.get(socket, 'bytesRead') === 0) onUnreachable(to.url);
      });
    const deaf = keepReadingAfterFailedWrite(socket);
    return mends ? mendAnswers(deaf, limits.headerBytes) : deaf;
  };
  const add = Reflect.get<http.Agent, string>(agent, 'addRequest') as Adding;
  Reflect.set(agent, 'addRequest', (request: http.ClientRequest, options: ConnectionOptions) => {
    prepare(request, limits);
    // node would take the client's Host for the name in the upstream's certificate
    const servername = certificateName(options.host ?? '');
    Reflect.apply(add, agent, [request, { ...options, servername }]);
  });
  return agent;
}

/** Idle connections are dropped before common servers drop them (node: 5 s): fewer requests meet a closing connection. */
const idle = { keepAlive: true, maxFreeSockets: 256, timeout: 4_000, scheduling: 'lifo' } as const;

export interface UpstreamAgents {
  /** `fresh`: a connection that nothing was sent on before. `to`: where the name in `url` was found. */
  for(url: URL, connection?: 'pooled' | 'fresh', to?: Endpoint): http.Agent;
  /** For a request on the facade's own account. */
  own(url: URL, connection?: 'pooled' | 'fresh'): http.Agent;
  /** Who else has an agent of its own is forgotten; its connections end by themselves. */
  keep(endpoints: readonly Endpoint[]): void;
  /** Addresses whose answers are mended. */
  readonly mended: ReadonlySet<string>;
  /** More of them. */
  mend(addresses: readonly string[]): void;
  destroy(): void;
}

const standard: AgentLimits = { connections: 256, headerBytes: 65_536 };

type Kind = 'pooled' | 'fresh' | 'mended';

export function upstreamAgents(limits: AgentLimits = standard): UpstreamAgents {
  const most = { maxSockets: limits.connections };
  const kinds = {
    pooled: { ...idle, ...most },
    fresh: { keepAlive: false },
    // where an answer begins is certain on a connection of its own only
    mended: { keepAlive: false, ...most },
  };
  const agents = new Map<string, { readonly agent: http.Agent; readonly to: string | undefined }>();
  const agentOf = (kind: Kind, protocol: string, to: Endpoint | undefined): http.Agent => {
    const key = `${kind} ${protocol} ${to?.key ?? ''}`;
    const known = agents.get(key);
    if (known) return known.agent;
    const { lookup = limits.lookup, port } = to ? wayTo(to) : {};
    const options = {
      ...kinds[kind],
      ...(lookup && { lookup }),
      ...(port !== undefined && { port }),
    };
    const plain = protocol === 'https:' ? new https.Agent(options) : new http.Agent(options);
    const agent = patient(plain, limits, kind === 'mended', to);
    agents.set(key, { agent, to: to?.key });
    return agent;
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
  const choose: UpstreamAgents['for'] = ({ protocol, origin }, connection = 'pooled', to) =>
    agentOf(origins.has(origin) ? 'mended' : connection, protocol, to?.at && to);
  return {
    mended,
    mend,
    for: choose,
    own: (url, connection) => choose(url, connection, limits.ownTo?.(url)),
    keep(endpoints) {
      const wanted = new Set(endpoints.map(({ key }) => key));
      for (const [key, { agent, to }] of agents) {
        if (to === undefined || wanted.has(to)) continue;
        agents.delete(key);
        for (const idle of Object.values(agent.freeSockets))
          for (const socket of idle ?? []) socket.destroy();
      }
    },
    destroy() {
      for (const { agent } of agents.values()) agent.destroy();
    },
  };
}
