import { jsonOf, type Send, unlessOk } from '../shop-api.ts';

/** What the web shop uses of the catalog: only these fields are promised to it. */
export interface ListedProduct {
  readonly id: string;
  readonly sku: string;
  readonly name: string;
  readonly price: string;
  readonly currency: string | null;
  readonly status: string;
  readonly tags: readonly string[];
  readonly created_at: string;
}

export interface ShownProduct extends ListedProduct {
  readonly description: string | null;
  readonly weight: string | null;
  readonly releasedOn: string | null;
  readonly images: readonly ShownImage[];
}

export interface ShownImage {
  readonly id: string;
  readonly alt_text: string;
  readonly url: string;
}

export interface ProductPage {
  readonly items: readonly ListedProduct[];
  readonly total: number;
  readonly page: number;
  readonly per_page: number;
}

export interface ListedCategory {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly children: readonly ListedCategory[];
}

export interface ShownCategory {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly product_count: number;
  readonly path: readonly { readonly slug: string; readonly name: string }[];
}

export interface PriceStep {
  readonly revision: number;
  readonly oldPrice: string | null;
  readonly newPrice: string;
  readonly changedAt: string;
}

/** An image as a browser keeps it: asked again, the shop may say that it is still the same. */
export type Download =
  | {
      readonly kind: 'new';
      readonly bytes: Uint8Array;
      readonly type: string;
      readonly etag: string;
    }
  | { readonly kind: 'same' };

/** A product as it is now, or word that it is still what the ETag names. */
export type Refreshed =
  | { readonly kind: 'new'; readonly product: ShownProduct; readonly etag: string }
  | { readonly kind: 'same' };

/** The web shop's view of the catalog. `who` goes along as headers: a token, or a visitor's mark. */
export class StorefrontClient {
  readonly #send: Send;
  readonly #who: Readonly<Record<string, string>>;
  constructor(send: Send, who: Readonly<Record<string, string>> = {}) {
    this.#send = send;
    this.#who = who;
  }

  async listProducts(query: Readonly<Record<string, string>> = {}): Promise<ProductPage> {
    const search = new URLSearchParams(query).toString();
    return jsonOf(await this.#get(`/api/products${search && `?${search}`}`));
  }

  /** undefined when there is no such product. */
  async showProduct(id: string): Promise<ShownProduct | undefined> {
    const response = await this.#get(`/api/products/${id}`, 200, 404);
    return response.status === 404 ? void (await response.text()) : jsonOf(response);
  }

  /** For whoever keeps what was shown; undefined when there is no such product any more. */
  async refreshProduct(id: string, kept?: string): Promise<Refreshed | undefined> {
    const response = await this.#ask(`/api/products/${id}`, kept);
    if (response.status === 200)
      return {
        kind: 'new',
        product: await jsonOf<ShownProduct>(response),
        etag: response.headers.get('etag') ?? '',
      };
    await response.text();
    return response.status === 304 ? { kind: 'same' } : undefined;
  }

  async priceHistory(id: string): Promise<readonly PriceStep[]> {
    const response = await this.#get(`/api/products/${id}/price-history`);
    return (await jsonOf<{ entries: PriceStep[] }>(response)).entries;
  }

  /** Empty for a product that is gone: its page has none to show. */
  async listImages(productId: string): Promise<readonly ShownImage[]> {
    const response = await this.#get(`/api/products/${productId}/images`, 200, 404);
    if (response.status === 200) return jsonOf(response);
    await response.text();
    return [];
  }

  /** undefined when the image is gone. */
  async downloadImage(url: string, kept?: string): Promise<Download | undefined> {
    const response = await this.#ask(url, kept);
    const bytes = await response.bytes();
    if (response.status === 404) return undefined;
    if (response.status === 304) return { kind: 'same' };
    return {
      kind: 'new',
      bytes,
      type: response.headers.get('content-type') ?? '',
      etag: response.headers.get('etag') ?? '',
    };
  }

  async categoryTree(): Promise<readonly ListedCategory[]> {
    return jsonOf(await this.#get('/api/categories'));
  }

  /** undefined when there is no such category. */
  async showCategory(id: string): Promise<ShownCategory | undefined> {
    const response = await this.#get(`/api/categories/${id}`, 200, 404);
    return response.status === 404 ? void (await response.text()) : jsonOf(response);
  }

  /** Not again when it is what the client keeps. */
  async #ask(path: string, kept: string | undefined): Promise<Response> {
    const headers = { ...this.#who, ...(kept !== undefined && { 'if-none-match': kept }) };
    return unlessOk(`GET ${path}`, await this.#send(path, { headers }), 200, 304, 404);
  }

  async #get(path: string, ...expected: readonly number[]): Promise<Response> {
    return unlessOk(
      `GET ${path}`,
      await this.#send(path, { headers: this.#who }),
      ...(expected.length > 0 ? expected : [200]),
    );
  }
}
