import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { until } from '@strangler-toolkit/dev-stack';

export interface WritingShop {
  readonly url: string;
  /** Lets the requests go on that wait at `/slow`. */
  release(): void;
  /** Requests that wait. */
  waiting(): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * A monolith whose routes write as frameworks do: without a word, with a comment of sqlcommenter that names trace or route, and
 * one that writes nothing and takes its time.
 */
export async function startWritingShop(databaseUrl: string): Promise<WritingShop> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4, application_name: 'shop' });
  let waiting: (() => void)[] = [];
  const statement = (path: string, traceparent: string): string | undefined => {
    if (path === '/api/products') return `INSERT INTO products (name) VALUES ('new')`;
    if (path.startsWith('/track/')) return `UPDATE products SET name = 'tracked' WHERE id = 5`;
    if (path.startsWith('/badges/'))
      return `UPDATE products SET name = 'badged' WHERE id = 6 /*traceparent='${traceparent}'*/`;
    if (path.startsWith('/api/views/'))
      return `UPDATE products SET name = 'viewed' WHERE id = 7 /*traceparent='${traceparent}'*/`;
    if (path.startsWith('/stock/')) return `UPDATE products SET name = 'counted' WHERE id = 1`;
    if (path.startsWith('/labels/'))
      return `UPDATE products SET name = 'labelled' WHERE id = 2 /*route='%2Flabels%2F%3Alabel'*/`;
    if (path.startsWith('/prices/'))
      return `UPDATE products SET name = 'priced' WHERE id = 3 /*traceparent='${traceparent}'*/`;
    return undefined;
  };
  const server = createServer((request, response) => {
    request.resume();
    const path = request.url ?? '';
    const text = statement(path, String(request.headers.traceparent));
    const work = async (): Promise<void> => {
      if (path === '/slow') await new Promise<void>((resolve) => waiting.push(resolve));
      if (text === undefined) return;
      // in the middle of its request, so that no clock of a busy machine takes it out
      await pool.query('SELECT pg_sleep(0.1)');
      await pool.query(text);
      await pool.query('SELECT pg_sleep(0.1)');
    };
    work().then(
      () => void response.end('done'),
      (error: unknown) => void response.writeHead(500).end(String(error)),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    waiting: () => until('a request waits', () => waiting.length > 0),
    release() {
      for (const resolve of waiting) resolve();
      waiting = [];
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await pool.end();
    },
  };
}
