import type pg from 'pg';
import { connect, type ConnectOptions, renewSession } from './connect.ts';

/** Connections by their address, each closed after its work; while somebody keeps them, used again instead. */
export class Connections {
  readonly #options: ConnectOptions;
  readonly #idle = new Map<string, Set<pg.Client>>();
  #keepers = 0;

  constructor(options: ConnectOptions) {
    this.#options = options;
  }

  async with<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = this.#taken(url) ?? (await this.#opened(url));
    let left = false;
    try {
      const result = await work(client);
      left = this.#keepers > 0 && client.getTransactionStatus() === 'I';
      return result;
    } finally {
      if (left && (await renewed(client)) && this.#keepers > 0) this.#idle.get(url)?.add(client);
      else await client.end().catch(() => {});
    }
  }

  /** For looks, which ask much and leave nothing in a session. */
  async keeping<T>(work: () => Promise<T>): Promise<T> {
    this.#keepers++;
    try {
      return await work();
    } finally {
      if (--this.#keepers === 0) await this.#endIdle();
    }
  }

  #taken(url: string): pg.Client | undefined {
    const idle = this.#idle.get(url);
    const [client] = idle ?? [];
    if (client) idle?.delete(client);
    return client;
  }

  async #opened(url: string): Promise<pg.Client> {
    const client = await connect(url, this.#options);
    const idle = this.#idle.get(url) ?? new Set();
    this.#idle.set(url, idle);
    // whoever comes next connects anew, and is told what is wrong
    client.once('end', () => idle.delete(client));
    return client;
  }

  async #endIdle(): Promise<void> {
    const all = [...this.#idle.values()].flatMap((clients) => [...clients]);
    for (const idle of this.#idle.values()) idle.clear();
    await Promise.all(all.map((client) => client.end().catch(() => {})));
  }
}

const renewed = (client: pg.Client): Promise<boolean> =>
  renewSession(client).then(
    () => true,
    () => false,
  );
