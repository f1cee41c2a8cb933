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
  readonly #owed = new Set<string>();
  #client: pg.Client | undefined;
  #queue: Pin[] = [];
  #busy = false;
  #stopped = false;
  #retry: NodeJS.Timeout | undefined;
  #sweeper: NodeJS.Timeout;

  constructor(options: { url: string; name: string; patienceMs: number; onLost: (context: string) => void; sweepMs?: number }) {
    this.#url = options.url;
    this.#name = options.name;
    this.#patienceMs = options.patienceMs;
    this.#onLost = options.onLost;
    this.#sweeper = setInterval(() => void this.#sweep(), options.sweepMs ?? 10_000).unref();
  }

  get owed(): number {
    return this.#owed.size;
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
      const written = await this.#write(batch) || await this.#write(batch);
      for (const pin of batch) pin.done(written);
    }
    this.#busy = false;
  }

  async #write(batch: readonly Pick<Pin, 'context' | 'identity'>[]): Promise<boolean> {
    try {
      const client = await this.#connected();
      await writePins(client, batch.map((pin) => pin.context), batch.map((pin) => pin.identity));
      return true;
    } catch {
      const client = this.#client;
      this.#client = undefined;
      void client?.end().catch(() => {});
      return false;
    }
  }

  #owe(context: string): void {
    this.#owed.add(context);
    if (this.#stopped) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#settleDebts(), 200).unref();
  }

  async #settleDebts(): Promise<void> {
    const contexts = [...this.#owed];
    if (contexts.length === 0) return;
    if (await this.#write(contexts.map((context) => ({ context, identity: '*' })))) for (const context of contexts) this.#owed.delete(context);
    else for (const context of contexts) this.#owe(context);
  }

  async #sweep(): Promise<void> {
    if (!this.#client || this.#busy) return;
    await deletePassedPins(this.#client).catch(() => {});
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    if (this.#stopped) throw new Error('stopped');
    const client = await openSession(this.#url, `facade ${this.#name} pins`, (lost) => {
      if (this.#client === lost) this.#client = undefined;
    }, 1_000);
    this.#client = client;
    return client;
  }
}
