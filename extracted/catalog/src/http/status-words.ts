import type { ProductState } from '../domain/product.ts';

/** The API's words are older than the catalog's own. */
export const statusWords = {
  draft: 'unpublished',
  active: 'on_sale',
  discontinued: 'retired',
} as const satisfies Record<string, ProductState>;
export type StatusWord = keyof typeof statusWords;
export const statusNames = [
  'draft',
  'active',
  'discontinued',
] as const satisfies readonly StatusWord[];

const names: Readonly<Record<ProductState, StatusWord>> = {
  unpublished: 'draft',
  on_sale: 'active',
  retired: 'discontinued',
};
export const statusWord = (state: ProductState): StatusWord => names[state];
