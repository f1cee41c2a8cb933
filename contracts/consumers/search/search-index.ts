/** What the search keeps of the catalog: it listens to its events, and asks nobody back. */
export interface FoundProduct {
  readonly id: string;
  readonly title: string;
  readonly amount: string;
  readonly labels: readonly string[];
}

/** What it reads of an event, as `subscribe` hands it over; of every other field it knows nothing. */
export interface CatalogEvent {
  readonly type: string;
  readonly payload: unknown;
}

type Told = FoundProduct & { readonly state: string };

export class SearchIndex {
  readonly #products = new Map<string, FoundProduct>();
  readonly #places = new Map<string, Set<string>>();

  apply({ type, payload }: CatalogEvent): void {
    switch (type) {
      case 'product.created':
      case 'product.changed': {
        // The contract promises these fields.
        const { id, title, amount, labels, state } = payload as Told;
        if (state === 'on_sale') this.#products.set(id, { id, title, amount, labels });
        else this.#products.delete(id);
        return;
      }
      case 'product.removed':
        this.#products.delete((payload as Told).id);
        return;
      case 'product.categorised': {
        const { id, categoryId } = payload as { id: string; categoryId: string };
        this.#places.set(categoryId, (this.#places.get(categoryId) ?? new Set()).add(id));
        return;
      }
      default:
      // Others listen to it.
    }
  }

  find(word: string): readonly FoundProduct[] {
    const wanted = word.toLowerCase();
    return [...this.#products.values()].filter(
      ({ title, labels }) => title.toLowerCase().includes(wanted) || labels.includes(wanted),
    );
  }

  inCategory(categoryId: string): readonly string[] {
    return [...(this.#places.get(categoryId) ?? [])];
  }
}
