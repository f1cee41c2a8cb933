/** What the web shop uses of the catalog: only these fields are promised to it. */
export interface ListedProduct {
  readonly id: string;
  readonly name: string;
  readonly price: string;
}

export interface ShownProduct extends ListedProduct {
  readonly sku: string;
  readonly description: string | null;
  readonly tags: readonly string[];
}

export class StorefrontClient {
  readonly #url: string;
  readonly #token: string;
  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  async listProducts(perPage: number): Promise<{ products: ListedProduct[]; total: number }> {
    const response = await fetch(`${this.#url}/api/products?per_page=${perPage}`);
    if (!response.ok) throw new Error(`list answered ${response.status}`);
    const body = (await response.json()) as { items: ListedProduct[]; total: number };
    return {
      products: body.items.map(({ id, name, price }) => ({ id, name, price })),
      total: body.total,
    };
  }

  /** undefined when there is no such product. */
  async showProduct(id: string): Promise<ShownProduct | undefined> {
    const response = await fetch(`${this.#url}/api/products/${id}`);
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`detail answered ${response.status}`);
    const { name, price, sku, description, tags } = (await response.json()) as ShownProduct;
    return { id, name, price, sku, description, tags };
  }

  /** The new price. */
  async adjustPrice(id: string, delta: string): Promise<string> {
    const response = await fetch(`${this.#url}/api/products/${id}/adjust-price`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ delta }),
    });
    if (!response.ok) throw new Error(`adjust-price answered ${response.status}`);
    return ((await response.json()) as { price: string }).price;
  }
}
