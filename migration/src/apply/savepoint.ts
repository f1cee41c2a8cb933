import type pg from 'pg';
import { writeSavepoint } from '../replica/streams.ts';

/**
 * The one savepoint of an applying transaction. It moves on only when something is to be tried after something else was
 * written, so a batch that fits in one piece needs no statement for it. The end of the transaction ends it.
 */
export class Savepoint {
  readonly #client: pg.Client;
  /** Something that must stay was written since. */
  #passed = false;

  /** The transaction has begun it. */
  constructor(client: pg.Client) {
    this.#client = client;
  }

  /** Before a try: what was written so far stays, whatever becomes of it. */
  async begin(): Promise<void> {
    if (this.#passed)
      await this.#client.query(`RELEASE SAVEPOINT strangler_write; ${writeSavepoint}`);
    this.#passed = false;
  }

  /** What was written is to stay. */
  keep(): void {
    this.#passed = true;
  }

  async undo(): Promise<void> {
    await this.#client.query('ROLLBACK TO SAVEPOINT strangler_write');
    this.#passed = false;
  }
}
