import type { ShopCalls } from './ask-shop.ts';
import type { ListedCategory, ListedProduct, ShownImage, ShownProduct } from './client.ts';

/** What a page of products was asked for, in its address. */
export interface Wish {
  readonly q: string;
  readonly category: string;
  readonly page: string;
}

export interface Offer extends ListedProduct {
  readonly images: readonly ShownImage[];
}

export interface Shelf {
  readonly offers: readonly Offer[];
  readonly total: number;
  readonly page: number;
  readonly size: number;
  readonly categories: readonly ListedCategory[];
}

export function wishOf(query: Readonly<Record<string, unknown>>): Wish {
  const text = (name: string): string => {
    const value = query[name];
    return typeof value === 'string' ? value : '';
  };
  return { q: text('q'), category: text('category'), page: text('page') };
}

/** A page without its pictures or its categories is one still; without its products it is none. */
export async function readShelf(
  shop: ShopCalls,
  { q, category, page }: Wish,
  pictured: boolean,
): Promise<Shelf> {
  const tree = shop
    .about('categories')
    .categoryTree()
    .catch(() => []);
  const products = shop.about('products');
  const pictures = shop.about('pictures');
  const listed = await products.listProducts({
    status: 'active',
    per_page: '12',
    page: page || '1',
    ...(q ? { q } : { sort: 'sku' }),
    ...(category && { category }),
  });
  const imagesOf = async ({ id }: ListedProduct): Promise<readonly ShownImage[]> =>
    pictured ? pictures.listImages(id).catch(() => []) : [];
  const offers = listed.items.map(async (item) => ({ ...item, images: await imagesOf(item) }));
  return {
    offers: await Promise.all(offers),
    total: listed.total,
    page: listed.page,
    size: listed.per_page,
    categories: await tree,
  };
}

/** undefined when there is no such product. */
export const readProduct = (shop: ShopCalls, id: string): Promise<ShownProduct | undefined> =>
  shop.about('product').showProduct(id);
