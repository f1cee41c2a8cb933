import type { Ledger } from './ledger.ts';
import {
  type ListedCategory,
  StorefrontClient,
} from '../../../contracts/consumers/storefront/storefront-client.ts';
import { failureOf, headersOf, type Traffic, type Who } from './traffic.ts';

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
  /** By product, the ETag of what was shown last. */
  etags: Map<string, string>;
}

const seenOf = new WeakMap<Traffic, Seen>();

/** A visitor of the shop: browses everything that the catalog serves and expects an answer each time. */
export class Reader {
  readonly #options: ReaderOptions;
  readonly #seen: Seen;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#seen = seenOf.get(options.traffic) ?? {
      products: [],
      categories: [],
      slugs: [],
      images: [],
      etags: new Map(),
    };
    seenOf.set(options.traffic, this.#seen);
  }

  async step(): Promise<void> {
    const { random } = this.#options;
    // Another visitor each time: percentages stick to identities, so many are needed to see 25 % of them move.
    const who: Who =
      random() < 0.5
        ? { token: `demo-token-${10 + Math.floor(random() * 40)}` }
        : { visitor: `visitor-${Math.floor(random() * 500)}` };
    const product = this.#any(this.#seen.products);
    const category = this.#any(this.#seen.categories);
    const image = this.#any(this.#seen.images);
    const slug = this.#any(this.#seen.slugs);
    const shop = new StorefrontClient(this.#options.traffic.send, headersOf(who));
    const kinds: (() => Promise<unknown>)[] = [() => this.#categories(shop)];
    if (slug) kinds.push(() => this.#list(shop, slug));
    if (product)
      kinds.push(
        () => this.#product(shop, product),
        () => this.#ask(`prices of ${product}`, () => shop.priceHistory(product)),
        () => this.#ask(`images of ${product}`, () => shop.listImages(product)),
      );
    if (category)
      kinds.push(() => this.#found(`category ${category}`, () => shop.showCategory(category)));
    if (image) kinds.push(() => this.#found(`image ${image}`, () => shop.downloadImage(image)));
    const step = kinds[Math.floor(random() * kinds.length)];
    await step?.();
  }

  #any(of: readonly string[]): string | undefined {
    return of[Math.floor(this.#options.random() * of.length)];
  }

  async #list(shop: StorefrontClient, slug: string): Promise<void> {
    // By category: the whole list counts every product that comes and goes, so two answers to it differ by right.
    const sort = this.#options.random() < 0.5 ? 'name' : '-created_at';
    const page = await this.#ask(`products of ${slug}`, () =>
      shop.listProducts({ category: slug, per_page: '20', sort }),
    );
    for (const { id, sku, status } of page?.items ?? []) {
      // Products of the writers come and go, and drafts are for customers who are known: a visitor would rightly get 404.
      const lasting = !/^w\d+-/.test(sku) && status !== 'draft';
      if (lasting && this.#seen.products.length < 300) this.#seen.products.push(id);
    }
  }

  async #categories(shop: StorefrontClient): Promise<void> {
    const tree = await this.#ask('categories', () => shop.categoryTree());
    if (this.#seen.categories.length > 0) return;
    const note = ({ id, slug, children }: ListedCategory): void => {
      this.#seen.slugs.push(slug);
      if (this.#seen.categories.length < 50) this.#seen.categories.push(id);
      children.forEach(note);
    };
    tree?.forEach(note);
  }

  async #product(shop: StorefrontClient, id: string): Promise<void> {
    // As a browser does that keeps the page: half of them come back.
    const kept = this.#options.random() < 0.5 ? this.#seen.etags.get(id) : undefined;
    const shown = await this.#found(`product ${id}`, () => shop.refreshProduct(id, kept));
    if (shown?.kind !== 'new') return;
    this.#seen.etags.set(id, shown.etag);
    for (const image of shown.product.images)
      if (this.#seen.images.length < 50) this.#seen.images.push(image.url);
  }

  /** What this reader was shown before is there. */
  async #found<T>(what: string, call: () => Promise<T | undefined>): Promise<T | undefined> {
    let asked = false;
    const found = await this.#ask(what, async () => {
      const value = await call();
      asked = true;
      return value;
    });
    if (asked && found === undefined)
      this.#options.traffic.fail(what, { status: 404, said: 'it was there before' });
    return found;
  }

  async #ask<T>(what: string, call: () => Promise<T>): Promise<T | undefined> {
    const { traffic, forgiving } = this.#options;
    try {
      return await call();
    } catch (error) {
      const failure = failureOf(error);
      if (!forgiving || (failure.status >= 400 && failure.status < 500))
        traffic.fail(what, failure);
      return undefined;
    }
  }
}
