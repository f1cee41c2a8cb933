import type { Socket } from 'node:net';
import { buildConnector, Client, type Dispatcher } from 'undici';
import { bareHost, portOf, wayTo } from '../addresses/targets.ts';
import type { Endpoint } from '../resilience/balancer.ts';
import { keepReadingAfterFailedWrite, type UpstreamTls } from '../resilience/upstream-agents.ts';
import { Connections } from './connections.ts';

/** A connection of a pool, one after the other: undici opens a new one where the old one went away. */
export class PooledClient extends Client {
  /** Of the newest connection. */
  socket: Socket | undefined;
  /** Requests that were given to the newest connection. */
  sent = 0;

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    if (handler instanceof OnConnection) handler.client = this;
    return super.dispatch(options, handler);
  }
}

/** A handler that knows on which connection its request travels. */
export abstract class OnConnection {
  client: PooledClient | undefined;
}

export interface PoolLimits {
  /** Connections to one upstream at a time; more requests wait for one. */
  readonly connections: number;
  readonly connectMs: number;
  readonly headerBytes: number;
  readonly tls?: UpstreamTls | undefined;
  /** No connection to it stood. */
  readonly onUnreachable?: (upstream: string) => void;
}

/** Where requests for one upstream are given to. */
export interface UpstreamPools {
  readonly pooled: Connections;
  /** Every request on a connection of its own. */
  readonly fresh: Connections;
  /** The path of the upstream's own address, without a slash at its end. */
  readonly prefix: string;
  readonly name: string;
  /** Undefined: it is asked without TLS. undici would take the client's Host for the name in the upstream's certificate. */
  readonly servername: string | undefined;
}

/** Idle connections are dropped before the upstream drops them: a second before what it announces, else after four. */
const idle = { keepAliveTimeout: 4_000, keepAliveTimeoutThreshold: 1_000 } as const;

/**
 * undici looks at an idle connection before it sends, and when it finds a reset, the request fails that waits for the look. It
 * was not sent: like one that finds the end of the connection, it goes to a new one.
 */
function keepWaiting(client: PooledClient, reset: Error): void {
  if (client.stats.running === 0) Reflect.set(reset, 'code', 'UND_ERR_SOCKET');
}

export class UndiciPools {
  readonly #limits: PoolLimits;
  readonly #upstreams = new Map<string, UpstreamPools>();

  constructor(limits: PoolLimits) {
    this.#limits = limits;
  }

  for(endpoint: Endpoint): UpstreamPools {
    const { key, url } = endpoint;
    let pools = this.#upstreams.get(key);
    if (!pools) {
      const { pathname, host, hostname, protocol } = new URL(url);
      pools = {
        pooled: this.#pool(endpoint, 1),
        fresh: this.#pool(endpoint, 0),
        prefix: pathname.replace(/\/$/, ''),
        name: host,
        servername: protocol === 'https:' ? hostname : undefined,
      };
      this.#upstreams.set(key, pools);
    }
    return pools;
  }

  /** Of the others each connection ends with its request. */
  keep(endpoints: readonly Endpoint[]): void {
    const wanted = new Set(endpoints.map(({ key }) => key));
    for (const [key, { pooled, fresh }] of this.#upstreams) {
      if (wanted.has(key)) continue;
      this.#upstreams.delete(key);
      pooled.leave();
      fresh.leave();
    }
  }

  destroy(): void {
    for (const { pooled, fresh } of this.#upstreams.values()) {
      pooled.destroy();
      fresh.destroy();
    }
    this.#upstreams.clear();
  }

  #pool(endpoint: Endpoint, pipelining: 0 | 1): Connections {
    const { connections, connectMs, headerBytes, tls, onUnreachable } = this.#limits;
    const url = new URL(endpoint.url);
    const { port = portOf(url), servername, lookup } = wayTo(endpoint);
    const found = lookup && { lookup };
    const plain = buildConnector({ timeout: connectMs, ...found });
    const connect: typeof plain = (to, done) => {
      // with the certificates of now
      const secure = tls?.(`${bareHost(url)}:${portOf(url)}`);
      const own = secure && buildConnector({ timeout: connectMs, ...secure, ...found });
      const name = secure?.servername ?? servername;
      return (own ?? plain)({ ...to, port: String(port), servername: name }, done);
    };
    const open = (): PooledClient => {
      const client: PooledClient = new PooledClient(url.origin, {
        pipelining,
        // deadlines are kept by who sends, not by a timer per connection
        headersTimeout: 0,
        bodyTimeout: 0,
        maxHeaderSize: headerBytes,
        ...idle,
        connect: (to, done) =>
          connect(to, (...result) => {
            const [error, socket] = result;
            if (error) {
              onUnreachable?.(endpoint.url);
              return done(error, null);
            }
            client.socket = keepReadingAfterFailedWrite(socket);
            client.sent = 0;
            socket.on('error', (reset) => keepWaiting(client, reset));
            return done(null, socket);
          }),
      });
      return client;
    };
    return new Connections(open, connections);
  }
}
