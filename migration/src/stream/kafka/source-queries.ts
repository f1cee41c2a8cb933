import type pg from 'pg';

/** One connection for several who ask at any time: each waits for the one before. */
export class SourceQueries {
  readonly #client: pg.Client;
  #last: Promise<unknown> = Promise.resolve();

  constructor(client: pg.Client) {
    this.#client = client;
  }

  run<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const done = this.#last.then(() => work(this.#client));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }
}
