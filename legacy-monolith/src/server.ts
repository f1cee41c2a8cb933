import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from './app.ts';
import { openDatabase } from './db/database.ts';
import { openLiveFeed, type LiveFeed } from './db/live-feed.ts';
import type { ErrorLog } from './http/error-handler.ts';
import { serveSockets } from './notifications/socket.ts';
import type { PagesOptions } from './storefront/ask-shop.ts';

export interface ServerOptions {
  readonly databaseUrl: string;
  readonly host?: string;
  readonly port?: number;
  readonly testStates?: boolean;
  /** Commit or image digest, told by GET /version. */
  readonly build?: string | undefined;
  readonly pages?: PagesOptions | undefined;
  readonly log?: (entry: Parameters<ErrorLog>[0] | { msg: string; error: string }) => void;
}

export interface ShopServer {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** The whole shop in this process; fails when the database does not answer or the port is taken. */
export async function startServer({
  databaseUrl,
  host = '127.0.0.1',
  port = 0,
  testStates = false,
  build,
  pages,
  log,
}: ServerOptions): Promise<ShopServer> {
  const database = openDatabase(databaseUrl);
  let live: LiveFeed | undefined;
  try {
    await database.db.selectFrom('users').select('id').limit(1).execute();
    const feed = await openLiveFeed(databaseUrl, log);
    live = feed;
    const server = createServer(
      createApp({ ...database, live: feed, log, testStates, build, pages }),
    );
    const sockets = serveSockets(server, database.db, feed);
    server.keepAliveTimeout = 65_000;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    const bound = (server.address() as AddressInfo).port;
    return {
      port: bound,
      url: `http://${host}:${bound}`,
      async close() {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        // Feeds and sockets would hold the server open for ever.
        await feed.close();
        server.closeIdleConnections();
        const late = setTimeout(() => server.closeAllConnections(), 5_000);
        await closed;
        clearTimeout(late);
        sockets.close();
        await database.close();
      },
    };
  } catch (error) {
    await live?.close();
    await database.close();
    throw error;
  }
}
