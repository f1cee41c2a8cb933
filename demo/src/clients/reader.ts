import type { Ledger } from './ledger.ts';
import type { Traffic } from './traffic.ts';

export interface ReaderOptions {
  readonly traffic: Traffic;
  readonly ledger: Ledger;
  readonly token: string | undefined;
  readonly random: () => number;
  readonly forgiving?: boolean;
}

interface Seen {
  products: string[];
  categories: string[];
  images: string[];
}

const seenOf = new WeakMap<Traffic, Seen>();

/** A visitor of the shop: browses everything that the catalog serves and expects an answer each time. */
export class Reader {
  readonly #options: ReaderOptions;
  readonly #seen: Seen;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#seen = seenOf.get(options.traffic) ?? { products: [], categories: [], images: [] };
    seenOf.set(options.traffic, this.#seen);
  }

  async step(): Promise<void> {
    const { random } = this.#options;
    const product = this.#any(this.#seen.products);
    const category = this.#any(this.#seen.categories);
    const image = this.#any(this.#seen.images);
    const kinds: (() => Promise<unknown>)[] = [() => this.#list(), () => this.#categories()];
    if (product) kinds.push(() => this.#product(product), () => this.#get(`/api/products/${product}/price-history`), () => this.#get(`/api/products/${product}/images`, [200, 404]));
    if (category) kinds.push(() => this.#get(`/api/categories/${category}`));
    if (image) kinds.push(() => this.#get(image, [200, 304], true));
    const step = kinds[Math.floor(random() * kinds.length)];
    await step?.();
  }

  #any(of: readonly string[]): string | undefined {
    return of[Math.floor(this.#options.random() * of.length)];
  }

  async #list(): Promise<void> {
    const { random } = this.#options;
    // Sorted by a column that nobody writes and from the end that nobody adds to: pages of a moving list differ by right.
    const query = random() < 0.5 ? `?sort=created_at&per_page=10&page=${1 + Math.floor(random() * 20)}` : `?sort=created_at&per_page=10&q=product&page=1`;
    const body = await this.#get(`/api/products${query}`);
    const items = Array.isArray(body?.items) ? (body.items as { id?: unknown; sku?: unknown }[]) : [];
    // Products of the writers come and go; a visitor who remembers one would rightly get 404.
    for (const { id, sku } of items) if (this.#seen.products.length < 300 && typeof id === 'string' && typeof sku === 'string' && !/^w\d+-/.test(sku)) this.#seen.products.push(id);
  }

  async #categories(): Promise<void> {
    if (this.#seen.categories.length > 0) {
      await this.#get('/api/categories');
      return;
    }
    const text = JSON.stringify((await this.#get('/api/categories')) ?? {});
    for (const [, id] of text.matchAll(/"id":"(\d+)"/g)) if (id && this.#seen.categories.length < 50) this.#seen.categories.push(id);
  }

  async #product(id: string): Promise<void> {
    const body = await this.#get(`/api/products/${id}`);
    const images = Array.isArray(body?.images) ? (body.images as { url?: unknown }[]) : [];
    for (const image of images) if (this.#seen.images.length < 50 && typeof image.url === 'string') this.#seen.images.push(image.url);
  }

  async #get(path: string, expected: readonly number[] = [200], binary = false): Promise<Record<string, unknown> | undefined> {
    const { traffic, token, forgiving } = this.#options;
    const answer = await traffic.send('GET', path, token, undefined, binary);
    if (expected.includes(answer.status)) return answer.body;
    if (!forgiving || (answer.status >= 400 && answer.status < 500)) traffic.fail(`GET ${path}`, answer);
    return undefined;
  }
}
