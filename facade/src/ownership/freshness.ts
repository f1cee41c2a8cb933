import type { Side } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { openSession } from './control-session.ts';
import { controlClock, type FreshnessRow, type OwnerNow, ownerNow, readFreshness } from './sql.ts';

export type FreshnessAnswer =
  | {
      readonly known: true;
      readonly fresh: boolean;
      readonly owner: Side | undefined;
      readonly epoch: bigint;
      /** How old what the other side has may be, milliseconds; undefined: nobody knows. */
      readonly behindMs: number | undefined;
    }
  | { readonly known: false };

interface Question {
  readonly context: string;
  /** Separated by commas. */
  readonly identities: string;
  readonly answer: (answer: FreshnessAnswer) => void;
}

/** A write that failed already waits longer than a reader does: what it hears decides whether it is tried again. */
const FAILED_WRITE_PATIENCE_MS = 1_000;

const noAnswer: FreshnessAnswer = { known: false };

/**
 * Asks the control database whether the other side has everything a reader wrote. Questions of many requests travel in one
 * query, which starts after the last of them was asked; one query at a time.
 *
 * The pins' table is unlogged: a crash of the control database empties it. Such a crash also ends this connection, so pins that
 * cannot be seen are covered by a floor: until the watermark has passed the moment of (re)connection, nothing counts as fresh.
 */
export class FreshnessCheck {
  readonly #url: string;
  readonly #name: string;
  readonly #patienceMs: number;
  #session: { client: pg.Client; floor: string } | undefined;
  #queue: Question[] = [];
  #busy = false;
  #stopped = false;
  #retryAt = 0;

  constructor(options: { url: string; name: string; patienceMs: number }) {
    this.#url = options.url;
    this.#name = options.name;
    this.#patienceMs = options.patienceMs;
  }

  /** Opens the connection ahead of the first question. */
  async warm(): Promise<void> {
    await this.#connected().catch(() => {});
  }

  /** Nobody waits for it longer than the patience; without an answer the owner serves. */
  ask(context: string, identities: readonly string[]): Promise<FreshnessAnswer> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#patienceMs, noAnswer);
      this.#queue.push({
        context,
        identities: identities.join(','),
        answer: (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
      });
      void this.#pump();
    });
  }

  /** Who owns the context at this moment; undefined when the control database does not say so in time. */
  async ownerNow(context: string): Promise<OwnerNow | undefined> {
    const late = new Promise<undefined>((resolve) =>
      setTimeout(resolve, Math.max(this.#patienceMs, FAILED_WRITE_PATIENCE_MS), undefined).unref(),
    );
    const look = async (): Promise<OwnerNow | undefined> =>
      ownerNow((await this.#connected()).client, context);
    return Promise.race([look().catch(() => undefined), late]);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#session?.client.end().catch(() => {});
  }

  async #pump(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      let rows: readonly FreshnessRow[] = [];
      try {
        const { client, floor } = await this.#connected();
        rows = await readFreshness(
          client,
          batch.map((question) => question.context),
          batch.map((question) => question.identities),
          floor,
        );
      } catch {
        this.#forget();
      }
      const byNumber = new Map(rows.map((row) => [row.n, row]));
      for (const [index, question] of batch.entries()) {
        const row = byNumber.get(index + 1);
        question.answer(
          row
            ? {
                known: true,
                fresh: row.fresh,
                owner: row.owner ?? undefined,
                epoch: BigInt(row.epoch ?? 0),
                behindMs: row.behindMs ?? undefined,
              }
            : noAnswer,
        );
      }
    }
    this.#busy = false;
  }

  async #connected(): Promise<{ client: pg.Client; floor: string }> {
    if (this.#session) return this.#session;
    if (this.#stopped || performance.now() < this.#retryAt)
      throw new Error('control database is not reachable');
    this.#retryAt = performance.now() + 250;
    const client = await openSession(
      this.#url,
      `facade ${this.#name} reads`,
      (lost) => {
        if (this.#session?.client === lost) this.#session = undefined;
      },
      1_000,
    );
    const session = { client, floor: await controlClock(client) };
    this.#session = session;
    if (this.#stopped) await client.end().catch(() => {});
    return session;
  }

  /** After a failed query the connection's answers cannot be trusted to be answers to our questions. */
  #forget(): void {
    const session = this.#session;
    this.#session = undefined;
    void session?.client.end().catch(() => {});
  }
}
