import type { Entry, Ledger } from './ledger.ts';
import { note, type Answer, type Traffic, type Who } from './traffic.ts';

export const toCents = (price: unknown): number => Math.round(Number(price) * 100);
const toPrice = (cents: number): string =>
  `${cents < 0 ? '-' : ''}${Math.floor(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, '0')}`;

export interface WriterOptions {
  readonly traffic: Traffic;
  readonly ledger: Ledger;
  /** Its bearer token is its identity. */
  readonly who: Who;
  /** Distinguishes its products from everybody else's. */
  readonly name: string;
  readonly random: () => number;
  /** 503 with Retry-After and no answer are outcomes to live with (a fault test), not failures. */
  readonly forgiving?: boolean;
}

/** A client that writes its own products and reads each write back through another facade. */
export class Writer {
  readonly #options: WriterOptions;
  readonly #own: Entry[] = [];
  #number = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  async step(): Promise<void> {
    const alive = this.#own.filter((entry) => !entry.deleted && !entry.uncertain);
    const target = alive[Math.floor(this.#options.random() * alive.length)];
    const dice = this.#options.random();
    if (!target || alive.length < 3 || dice < 0.15) return this.#create();
    if (dice < 0.65) return this.#adjust(target);
    if (dice < 0.93 || alive.length < 6) return this.#rename(target);
    return this.#delete(target);
  }

  async #create(): Promise<void> {
    const { traffic, who, ledger, name } = this.#options;
    const sku = `${name}-${++this.#number}`;
    const cents = 1_000 + Math.floor(this.#options.random() * 90_000);
    const answer = await traffic.send('POST', '/api/products', who, {
      body: {
        sku,
        name: `Product ${sku}`,
        price: toPrice(cents),
        tags: ['demo'],
        description: `Made by ${name}.`,
      },
    });
    if (!this.#acknowledged(`create ${sku}`, answer, 201)) return;
    const entry: Entry = {
      id: String(answer.body.id),
      sku,
      name: `Product ${sku}`,
      cents,
      revisions: 1,
      deleted: false,
    };
    this.#own.push(entry);
    ledger.entries.push(entry);
    await this.#readBack(entry);
  }

  async #adjust(entry: Entry): Promise<void> {
    const { traffic, who, random } = this.#options;
    const cents = 1 + Math.floor(random() * 99);
    const answer = await traffic.send('POST', `/api/products/${entry.id}/adjust-price`, who, {
      body: { delta: toPrice(cents) },
    });
    if (!this.#acknowledged(`adjust ${entry.sku}`, answer, 200)) {
      if (this.#unanswered(answer)) entry.uncertain = { kind: 'price', cents };
      return;
    }
    entry.cents += cents;
    entry.revisions++;
    if (toCents(answer.body.price) !== entry.cents) {
      traffic.counts.staleReads++;
      note(
        traffic.counts,
        `adjust ${entry.sku} answered ${String(answer.body.price)}, the ledger says ${toPrice(entry.cents)}`,
      );
    }
    await this.#readBack(entry);
  }

  async #rename(entry: Entry): Promise<void> {
    const name = `Product ${entry.sku} v${++this.#number}`;
    const answer = await this.#options.traffic.send(
      'PATCH',
      `/api/products/${entry.id}`,
      this.#options.who,
      { body: { name } },
    );
    if (!this.#acknowledged(`rename ${entry.sku}`, answer, 200)) {
      if (this.#unanswered(answer)) entry.uncertain = { kind: 'name', name };
      return;
    }
    entry.name = name;
    await this.#readBack(entry);
  }

  async #delete(entry: Entry): Promise<void> {
    const answer = await this.#options.traffic.send(
      'DELETE',
      `/api/products/${entry.id}`,
      this.#options.who,
    );
    if (!this.#acknowledged(`delete ${entry.sku}`, answer, 204)) {
      if (this.#unanswered(answer)) entry.uncertain = { kind: 'delete' };
      return;
    }
    entry.deleted = true;
    await this.#readBack(entry);
  }

  #acknowledged(what: string, answer: Answer, expected: number): boolean {
    const { traffic, forgiving } = this.#options;
    if (answer.status === expected) {
      traffic.counts.acknowledgedWrites++;
      return true;
    }
    if (!forgiving || (answer.status >= 400 && answer.status < 500)) traffic.fail(what, answer);
    return false;
  }

  /** Refused before anything could happen: 4xx, or 503 of a hold that took too long. Everything else may have happened. */
  #unanswered(answer: Answer): boolean {
    return answer.status === 0 || answer.status >= 500;
  }

  /** Whoever just wrote must see the write, whichever facade and side answers. */
  async #readBack(entry: Entry): Promise<void> {
    const { traffic, who, forgiving } = this.#options;
    const answer = await traffic.send('GET', `/api/products/${entry.id}`, who);
    const expected = entry.deleted ? 404 : 200;
    if (answer.status === 0 || answer.status >= 500) {
      if (!forgiving) traffic.fail(`read ${entry.sku}`, answer);
      return;
    }
    const fresh =
      answer.status === expected &&
      (entry.deleted ||
        (answer.body.name === entry.name && toCents(answer.body.price) === entry.cents));
    if (fresh) return;
    traffic.counts.staleReads++;
    note(
      traffic.counts,
      `${new Date().toISOString()} stale read of ${entry.sku}: ${answer.status} ` +
        `${JSON.stringify({ name: answer.body.name, price: answer.body.price })}, the ledger says ` +
        `${expected} ${entry.name} ${toPrice(entry.cents)}`,
    );
  }
}
