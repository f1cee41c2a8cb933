import type { Ledger } from './ledger.ts';
import type { Traffic, Who } from './traffic.ts';

export interface ReaderOptions {
  readonly traffic: Traffic;
  readonly ledger: Ledger;
  readonly random: () => number;
  readonly forgiving?: boolean;
}

interface Seen {
  products: string[];
  categories: string[];
  slugs: string[];
  images: string[];
}

const seenOf = new WeakMap<Traffic, Seen>();

/** A visitor of the shop: browses everything that the catalog serves and expects an answer each time. */
export class Reader {
  readonly #options: ReaderOptions;
  readonly #seen: Seen;
  #who: Who = { visitor: 'visitor-0' };

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#seen = seenOf.get(options.traffic) ?? {
      products: [],
      categories: [],
      slugs: [],
      images: [],
    };
    seenOf.set(options.traffic, this.#seen);
  }

  async step(): Promise<void> {
    const { random } = this.#options;
    // Another visitor each time: percentages stick to identities, so many are needed to see 25 % of them move.
    this.#who =
      random() < 0.5
        ? { token: `demo-token-${10 + Math.floor(random() * 40)}` }
        : { visitor: `visitor-${Math.floor(random() * 500)}` };
    const product = this.#any(this.#seen.products);
    const category = this.#any(this.#seen.categories);
    const image = this.#any(this.#seen.images);
    const slug = this.#any(this.#seen.slugs);
    const kinds: (() => Promise<unknown>)[] = [() => this.#categories()];
    if (slug) kinds.push(() => this.#list(slug));
    if (product)
      kinds.push(
        () => this.#product(product),
        () => this.#get(`/api/products/${product}/price-history`),
        () => this.#get(`/api/products/${product}/images`, [200, 404]),
      );
    if (category) kinds.push(() => this.#get(`/api/categories/${category}`));
    if (image) kinds.push(() => this.#get(image, [200, 304], true));
    const step = kinds[Math.floor(random() * kinds.length)];
    await step?.();
  }

  #any(of: readonly string[]): string | undefined {
    return of[Math.floor(this.#options.random() * of.length)];
  }

  async #list(slug: string): Promise<void> {
    // By category: the whole list counts every product that comes and goes, so two answers to it differ by right.
    const body = await this.#get(
      `/api/products?category=${slug}&per_page=20&sort=${this.#options.random() < 0.5 ? 'name' : '-created_at'}`,
    );
    const items = Array.isArray(body?.items)
      ? (body.items as { id?: unknown; sku?: unknown; status?: unknown }[])
      : [];
    for (const { id, sku, status } of items) {
      // Products of the writers come and go, and drafts are for customers who are known: a visitor would rightly get 404.
      const lasting = typeof sku === 'string' && !/^w\d+-/.test(sku) && status !== 'draft';
      if (lasting && typeof id === 'string' && this.#seen.products.length < 300)
        this.#seen.products.push(id);
    }
  }

  async #categories(): Promise<void> {
    if (this.#seen.categories.length > 0) {
      await this.#get('/api/categories');
      return;
    }
    const text = JSON.stringify((await this.#get('/api/categories')) ?? {});
    for (const [, slug] of text.matchAll(/"slug":"([a-z0-9-]+)"/g))
      if (slug) this.#seen.slugs.push(slug);
    for (const [, id] of text.matchAll(/"id":"(\d+)"/g))
      if (id && this.#seen.categories.length < 50) this.#seen.categories.push(id);
  }

  async #product(id: string): Promise<void> {
    const body = await this.#get(`/api/products/${id}`);
    const images = Array.isArray(body?.images) ? (body.images as { url?: unknown }[]) : [];
    for (const image of images)
      if (this.#seen.images.length < 50 && typeof image.url === 'string')
        this.#seen.images.push(image.url);
  }

  async #get(
    path: string,
    expected: readonly number[] = [200],
    binary = false,
  ): Promise<Record<string, unknown> | undefined> {
    const { traffic, forgiving } = this.#options;
    const answer = await traffic.send('GET', path, this.#who, { binary });
    if (expected.includes(answer.status)) return answer.body;
    if (!forgiving || (answer.status >= 400 && answer.status < 500))
      traffic.fail(`GET ${path}`, answer);
    return undefined;
  }
}
