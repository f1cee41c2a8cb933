import type { Side } from '@strangler-toolkit/plan';
import type { Client } from 'pg';
import { connect } from '../database/connect.ts';

/** Longest statement of a move, milliseconds: nothing in it may hang for ever while writes wait. */
const statementTimeoutMs = 15_000;

/** Connections of a move to the data databases: made when needed, made again after a loss. */
export class SideConnections {
  readonly #urls: Readonly<Record<Side, string>>;
  readonly #open = new Map<Side, Promise<Client>>();

  constructor(urls: Readonly<Record<Side, string>>) {
    this.#urls = urls;
  }

  url(side: Side): string {
    return this.#urls[side];
  }

  client(side: Side): Promise<Client> {
    const known = this.#open.get(side);
    if (known) return known;
    const opening = this.#connect(side);
    this.#open.set(side, opening);
    const forget = (): void => this.#forget(side, opening);
    opening.then((client) => client.once('end', forget), forget);
    return opening;
  }

  async #connect(side: Side): Promise<Client> {
    const client = await connect(this.#urls[side], { applicationName: 'strangler-move' });
    client.on('error', () => {});
    await client.query(`SET statement_timeout = ${statementTimeoutMs}`);
    return client;
  }

  /** Only its own entry: a connection that was cut ends when its successor may be open already. */
  #forget(side: Side, opening: Promise<Client>): void {
    if (this.#open.get(side) === opening) this.#open.delete(side);
  }

  /**
   * Breaks the connections off, whatever they wait for: a database that vanished must not keep the other side's writes
   * waiting for a TCP timeout. A transaction that was not committed rolls back; one whose commit is under way holds the move
   * guard until it is decided, and the undo that follows waits for that.
   */
  cut(): void {
    const all = [...this.#open.values()];
    this.#open.clear();
    for (const opening of all) opening.then(destroy, () => {});
  }

  async close(): Promise<void> {
    const all = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(all.map((opening) => opening.then((client) => client.end()).catch(() => {})));
  }
}

/** pg has no public way to drop a socket without saying goodbye first, which would wait behind the running query. */
function destroy(client: unknown): void {
  const connection: unknown =
    typeof client === 'object' && client !== null ? Reflect.get(client, 'connection') : undefined;
  const stream: unknown =
    typeof connection === 'object' && connection !== null
      ? Reflect.get(connection, 'stream')
      : undefined;
  if (
    typeof stream === 'object' &&
    stream !== null &&
    'destroy' in stream &&
    typeof stream.destroy === 'function'
  )
    stream.destroy();
}
