import type pg from 'pg';
import { openSession } from './control-session.ts';
import { deletePassedPins, writePins } from './sql.ts';

interface Pin {
  readonly context: string;
  readonly identity: string;
  readonly done: (written: boolean) => void;
}

/**
 * Pins a writer to the owner before the answer to the write leaves. Pins of many requests travel in one statement. A pin that
 * cannot be written within the patience lets the answer go (the write is done, refusing to say so helps nobody); a pin for
 * everybody follows as soon as the control database is back.
 */
export class PinWriter {
  readonly #url: string;
  readonly #name: string;
  readonly #patienceMs: number;
  readonly #onLost: (context: string) => void;
  /** Context → number of the latest write without a pin: a pin for everybody settles only what was owed when it began. */
  readonly #owed = new Map<string, number>();
  #debts = 0;
  #client: pg.Client | undefined;
  #opening: Promise<pg.Client> | undefined;
  #queue: Pin[] = [];
  #busy = false;
  #stopped = false;
  #retry: NodeJS.Timeout | undefined;
  #sweeper: NodeJS.Timeout;

  constructor(options: {
    url: string;
    name: string;
    patienceMs: number;
    onLost: (context: string) => void;
    sweepMs?: number;
  }) {
    this.#url = options.url;
    this.#name = options.name;
    this.#patienceMs = options.patienceMs;
    this.#onLost = options.onLost;
    this.#sweeper = setInterval(() => void this.#sweep(), options.sweepMs ?? 10_000).unref();
  }

  /** A write of this context was answered whose pin does not stand yet: the control database cannot know of it. */
  owes(context: string): boolean {
    return this.#owed.has(context);
  }

  /** Resolves once the pin stands, or false when the patience ended first. Never rejects. */
  pin(context: string, identity: string | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      let open = true;
      const settle = (written: boolean): void => {
        if (!open) return;
        open = false;
        clearTimeout(timer);
        if (!written) {
          this.#onLost(context);
          this.#owe(context);
        }
        resolve(written);
      };
      const timer = setTimeout(settle, this.#patienceMs, false);
      this.#queue.push({ context, identity: identity ?? '*', done: settle });
      void this.#pump();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#sweeper);
    clearTimeout(this.#retry);
    await this.#client?.end().catch(() => {});
  }

  async #pump(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      const written = (await this.#write(batch)) || (await this.#write(batch));
      for (const pin of batch) pin.done(written);
    }
    this.#busy = false;
  }

  async #write(batch: readonly Pick<Pin, 'context' | 'identity'>[]): Promise<boolean> {
    try {
      const client = await this.#connected();
      await writePins(
        client,
        batch.map((pin) => pin.context),
        batch.map((pin) => pin.identity),
      );
      return true;
    } catch {
      const client = this.#client;
      this.#client = undefined;
      void client?.end().catch(() => {});
      return false;
    }
  }

  #owe(context: string): void {
    this.#owed.set(context, ++this.#debts);
    this.#settleSoon();
  }

  #settleSoon(): void {
    if (this.#stopped) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#settleDebts(), 200).unref();
  }

  async #settleDebts(): Promise<void> {
    const debts = [...this.#owed];
    if (debts.length === 0) return;
    const written = await this.#write(debts.map(([context]) => ({ context, identity: '*' })));
    if (written)
      for (const [context, debt] of debts)
        if (this.#owed.get(context) === debt) this.#owed.delete(context);
    if (this.#owed.size > 0) this.#settleSoon();
  }

  async #sweep(): Promise<void> {
    if (!this.#client || this.#busy) return;
    await deletePassedPins(this.#client).catch(() => {});
  }

  /** Pins and debts may ask at once: one connection all the same. */
  async #connected(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(): Promise<pg.Client> {
    if (this.#stopped) throw new Error('stopped');
    const client = await openSession(
      this.#url,
      `facade ${this.#name} pins`,
      (lost) => {
        if (this.#client === lost) this.#client = undefined;
      },
      1_000,
    );
    // stopped while it opened: nobody else would end it
    if (this.#stopped) {
      await client.end().catch(() => {});
      throw new Error('stopped');
    }
    this.#client = client;
    return client;
  }
}
