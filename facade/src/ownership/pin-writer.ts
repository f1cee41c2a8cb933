import type pg from 'pg';
import { openSession } from './control-session.ts';
import { carryPins, deletePassedPins, writePins } from './sql.ts';

interface Pin {
  readonly context: string;
  readonly identities: readonly string[];
  readonly done: (written: boolean) => void;
}

/** Pins of some identities that others have to have as well. */
export interface PinMove {
  readonly context: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
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

  /** Resolves once the pin of each identity stands, or false when the patience ended first. None: everybody. Never rejects. */
  pin(context: string, identities: readonly string[]): Promise<boolean> {
    return this.#within(
      [context],
      new Promise((done) => {
        this.#queue.push({ context, identities: identities.length > 0 ? identities : ['*'], done });
        void this.#pump();
      }),
    );
  }

  /** Whatever pins the first identities have, the others have too. Resolves as `pin` does. */
  carry(moves: readonly PinMove[]): Promise<boolean> {
    const each = moves.flatMap(({ context, from, to }) =>
      from.flatMap((source) => to.map((into) => ({ context, source, into }))),
    );
    const send = async (client: pg.Client): Promise<void> =>
      carryPins(
        client,
        each.map(({ context }) => context),
        each.map(({ source }) => source),
        each.map(({ into }) => into),
      );
    const twice = async (): Promise<boolean> =>
      (await this.#send(send)) || (await this.#send(send));
    return this.#within(
      moves.map(({ context }) => context),
      twice(),
    );
  }

  async #within(contexts: readonly string[], written: Promise<boolean>): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, this.#patienceMs, false);
    });
    const inTime = await Promise.race([written, late]);
    clearTimeout(timer);
    if (!inTime)
      for (const context of contexts) {
        this.#onLost(context);
        this.#owe(context);
      }
    return inTime;
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

  #write(batch: readonly Pick<Pin, 'context' | 'identities'>[]): Promise<boolean> {
    const each = batch.flatMap(({ context, identities }) =>
      identities.map((identity) => ({ context, identity })),
    );
    return this.#send((client) =>
      writePins(
        client,
        each.map(({ context }) => context),
        each.map(({ identity }) => identity),
      ),
    );
  }

  async #send(statement: (client: pg.Client) => Promise<void>): Promise<boolean> {
    try {
      await statement(await this.#connected());
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
    const written = await this.#write(debts.map(([context]) => ({ context, identities: ['*'] })));
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
