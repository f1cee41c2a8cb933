import type { Entry, Ledger } from './ledger.ts';
import {
  BackOfficeClient,
  type Done,
} from '../../../contracts/consumers/back-office/back-office-client.ts';
import {
  type ShownProduct,
  StorefrontClient,
} from '../../../contracts/consumers/storefront/storefront-client.ts';
import { type Failure, failureOf, headersOf, note, type Traffic } from './traffic.ts';

export const toCents = (price: unknown): number => Math.round(Number(price) * 100);
const toPrice = (cents: number): string =>
  `${cents < 0 ? '-' : ''}${Math.floor(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, '0')}`;

export interface WriterOptions {
  readonly traffic: Traffic;
  readonly ledger: Ledger;
  /** Its bearer token is its identity. */
  readonly token: string;
  /** Distinguishes its products from everybody else's. */
  readonly name: string;
  readonly random: () => number;
  /** 503 with Retry-After and no answer are outcomes to live with (a fault test), not failures. */
  readonly forgiving?: boolean;
}

/** A client that writes its own products and reads each write back through another facade. */
export class Writer {
  readonly #options: WriterOptions;
  readonly #office: BackOfficeClient;
  readonly #shop: StorefrontClient;
  readonly #own: Entry[] = [];
  #number = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
    const { traffic, token } = options;
    this.#office = new BackOfficeClient(traffic.send, token);
    this.#shop = new StorefrontClient(traffic.send, headersOf({ token }));
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
    const { ledger, name } = this.#options;
    const sku = `${name}-${++this.#number}`;
    const cents = 1_000 + Math.floor(this.#options.random() * 90_000);
    const made = await this.#write(`create ${sku}`, () =>
      this.#office.createProduct({
        sku,
        name: `Product ${sku}`,
        price: toPrice(cents),
        tags: ['demo'],
        description: `Made by ${name}.`,
      }),
    );
    if (made.kind !== 'acknowledged') return;
    const entry: Entry = {
      id: made.value.id,
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
    const { traffic, random } = this.#options;
    const cents = 1 + Math.floor(random() * 99);
    const adjusted = await this.#write(`adjust ${entry.sku}`, () =>
      this.#office.adjustPrice(entry.id, toPrice(cents)),
    );
    if (adjusted.kind === 'uncertain') entry.uncertain = { kind: 'price', cents };
    if (adjusted.kind !== 'acknowledged') return;
    entry.cents += cents;
    entry.revisions++;
    if (toCents(adjusted.value.price) !== entry.cents) {
      traffic.counts.staleReads++;
      note(
        traffic.counts,
        `adjust ${entry.sku} answered ${adjusted.value.price}, the ledger says ${toPrice(entry.cents)}`,
      );
    }
    await this.#readBack(entry);
  }

  async #rename(entry: Entry): Promise<void> {
    const name = `Product ${entry.sku} v${++this.#number}`;
    const renamed = await this.#write(`rename ${entry.sku}`, () =>
      this.#office.changeProduct(entry.id, { name }),
    );
    if (renamed.kind === 'uncertain') entry.uncertain = { kind: 'name', name };
    if (renamed.kind !== 'acknowledged') return;
    entry.name = name;
    await this.#readBack(entry);
  }

  async #delete(entry: Entry): Promise<void> {
    const deleted = await this.#write(`delete ${entry.sku}`, () =>
      this.#office.deleteProduct(entry.id),
    );
    if (deleted.kind === 'uncertain') entry.uncertain = { kind: 'delete' };
    if (deleted.kind !== 'acknowledged') return;
    entry.deleted = true;
    await this.#readBack(entry);
  }

  async #write<T>(what: string, call: () => Promise<Done<T>>): Promise<Written<T>> {
    const { traffic, forgiving } = this.#options;
    const failed = (failure: Failure): void => {
      if (!forgiving || (failure.status >= 400 && failure.status < 500))
        traffic.fail(what, failure);
    };
    try {
      const done = await call();
      if (done.kind === 'done') {
        traffic.counts.acknowledgedWrites++;
        return { kind: 'acknowledged', value: done.value };
      }
      failed({ status: refusals[done.kind], said: JSON.stringify(done) });
      return { kind: 'refused' };
    } catch (error) {
      const failure = failureOf(error);
      failed(failure);
      // Refused before anything could happen is 4xx. Everything else may have happened.
      const uncertain = failure.status === 0 || failure.status >= 500;
      return { kind: uncertain ? 'uncertain' : 'refused' };
    }
  }

  /** Whoever just wrote must see the write, whichever facade and side answers. */
  async #readBack(entry: Entry): Promise<void> {
    const { traffic, forgiving } = this.#options;
    let seen: ShownProduct | undefined;
    try {
      seen = await this.#shop.showProduct(entry.id);
    } catch (error) {
      const failure = failureOf(error);
      if (!forgiving || (failure.status >= 400 && failure.status < 500))
        traffic.fail(`read ${entry.sku}`, failure);
      return;
    }
    const fresh = entry.deleted
      ? seen === undefined
      : seen?.name === entry.name && toCents(seen.price) === entry.cents;
    if (fresh) return;
    traffic.counts.staleReads++;
    note(
      traffic.counts,
      `${new Date().toISOString()} stale read of ${entry.sku}: ` +
        `${JSON.stringify(seen && { name: seen.name, price: seen.price })}, the ledger says ` +
        `${entry.deleted ? 'gone' : ''} ${entry.name} ${toPrice(entry.cents)}`,
    );
  }
}

type Written<T> =
  { readonly kind: 'acknowledged'; readonly value: T } | { readonly kind: 'refused' | 'uncertain' };

/** The statuses behind what the back office's client calls by name. */
const refusals = { invalid: 422, conflict: 409, missing: 404, refused: 400 } as const;
