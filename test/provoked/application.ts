import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';

/** How an application behaves: as it should, as one with a defect, one that is too slow, or one that does not take what is written. */
export type Manner = 'well' | 'fails' | 'slow' | 'refuses';

/** A side of the shop: a real HTTP server over its database, which can go down and come back at the same address. */
export class Application {
  manner: Manner = 'well';
  /** Writes that came here. */
  writes = 0;
  readonly #pool: pg.Pool;
  readonly #sql: { readonly list: string; readonly add: string };
  #server = createServer();
  #port = 0;

  private constructor(database: string, [table, column]: readonly [string, string]) {
    this.#pool = new pg.Pool({ connectionString: database, max: 4 });
    this.#pool.on('error', () => {});
    this.#sql = {
      list: `SELECT id::text, ${column} AS name FROM ${table} ORDER BY id LIMIT 5`,
      add: `INSERT INTO ${table} (${column}) VALUES ($1) RETURNING id::text`,
    };
  }

  static async over(database: string, names: readonly [string, string]): Promise<Application> {
    const application = new Application(database, names);
    await application.up();
    return application;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async up(): Promise<void> {
    if (this.#server.listening) return;
    this.#server = createServer((request, response) => {
      request.resume();
      const health = request.url === '/health';
      if (request.method === 'POST') this.writes += 1;
      const answer = async (): Promise<[number, string]> => {
        if (health || this.manner === 'slow') return [200, '[]'];
        if (this.manner === 'fails') return [500, 'a defect in the code of the application'];
        const writes = request.method === 'POST';
        if (writes && this.manner === 'refuses') return [422, 'the name must not be new'];
        try {
          const { rows } = await (writes
            ? this.#pool.query(this.#sql.add, [request.headers['x-name'] ?? 'new'])
            : this.#pool.query(this.#sql.list));
          return [writes ? 201 : 200, JSON.stringify(rows)];
        } catch (error) {
          return [500, String(error)];
        }
      };
      const late = this.manner === 'slow' && !health ? 1_500 : 0;
      setTimeout(() => {
        void answer().then(([status, body]) => response.writeHead(status).end(body));
      }, late);
    }).listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async down(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async close(): Promise<void> {
    await this.down();
    await this.#pool.end();
  }
}
