import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from './app.ts';
import { openDatabase } from './db/database.ts';
import type { ErrorLog } from './http/error-handler.ts';

export interface ServerOptions {
  readonly databaseUrl: string;
  readonly host?: string;
  readonly port?: number;
  readonly testStates?: boolean;
  readonly log?: ErrorLog;
}

export interface ShopServer {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** The whole shop in this process; fails when the database does not answer or the port is taken. */
export async function startServer({ databaseUrl, host = '127.0.0.1', port = 0, testStates = false, log }: ServerOptions): Promise<ShopServer> {
  const database = openDatabase(databaseUrl);
  try {
    await database.db.selectFrom('users').select('id').limit(1).execute();
    const server = createServer(createApp({ db: database.db, log, testStates }));
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
        server.closeIdleConnections();
        const late = setTimeout(() => server.closeAllConnections(), 5_000);
        await closed;
        clearTimeout(late);
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}
