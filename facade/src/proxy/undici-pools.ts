import type { Socket } from 'node:net';
import { buildConnector, Client, type Dispatcher } from 'undici';
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
}

/** Where requests for one upstream are given to. */
export interface UpstreamPools {
  readonly pooled: Connections;
  /** Every request on a connection of its own. */
  readonly fresh: Connections;
  /** The path of the upstream's own address, without a slash at its end. */
  readonly prefix: string;
  readonly name: string;
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

  for(upstream: string): UpstreamPools {
    let pools = this.#upstreams.get(upstream);
    if (!pools) {
      const { origin, pathname, host } = new URL(upstream);
      pools = {
        pooled: this.#pool(origin, 1),
        fresh: this.#pool(origin, 0),
        prefix: pathname.replace(/\/$/, ''),
        name: host,
      };
      this.#upstreams.set(upstream, pools);
    }
    return pools;
  }

  destroy(): void {
    for (const { pooled, fresh } of this.#upstreams.values()) {
      pooled.destroy();
      fresh.destroy();
    }
    this.#upstreams.clear();
  }

  #pool(origin: string, pipelining: 0 | 1): Connections {
    const { connections, connectMs, headerBytes, tls } = this.#limits;
    const { hostname, port } = new URL(origin);
    const plain = buildConnector({ timeout: connectMs });
    const connect: typeof plain = (to, done) => {
      const secure = tls?.(`${hostname.replace(/^\[|\]$/g, '')}:${port || 443}`);
      if (!secure) return plain(to, done);
      // with the certificates of now, and the upstream's own name: undici would take the client's Host
      const { servername } = secure;
      return buildConnector({ timeout: connectMs, ...secure })({ ...to, servername }, done);
    };
    const open = (): PooledClient => {
      const client: PooledClient = new PooledClient(origin, {
        pipelining,
        // deadlines are kept by who sends, not by a timer per connection
        headersTimeout: 0,
        bodyTimeout: 0,
        maxHeaderSize: headerBytes,
        ...idle,
        connect: (to, done) =>
          connect(to, (...result) => {
            const [error, socket] = result;
            if (error) return done(error, null);
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
