import type { Selectable } from 'kysely';
import type { Shop } from '../db/schema.ts';

export type ProductRow = Omit<Selectable<Shop['products']>, 'search_vector' | 'deleted_at'>;

/** The API began in snake_case and was continued in camelCase; clients depend on both. */
export const productSummary = (row: Omit<ProductRow, 'description' | 'attributes'>) => ({
  id: row.id,
  sku: row.sku,
  name: row.name,
  price: row.price,
  currency: row.currency,
  status: row.status,
  tags: row.tags,
  weight: row.weight,
  external_ref: row.external_ref,
  releasedOn: row.released_on,
  created_at: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

export interface CategoryRef {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
}

export const imageJson = (
  row: Pick<
    Selectable<Shop['product_images']>,
    'id' | 'product_id' | 'filename' | 'content_type' | 'sha256' | 'alt_text'
  >,
) => ({
  id: row.id,
  filename: row.filename,
  contentType: row.content_type,
  sha256: row.sha256.toString('hex'),
  alt_text: row.alt_text,
  url: `/api/products/${row.product_id}/images/${row.id}`,
});

export const productDetail = (
  row: ProductRow,
  categories: readonly CategoryRef[],
  images: readonly ReturnType<typeof imageJson>[],
) => ({
  ...productSummary(row),
  description: row.description,
  attributes: row.attributes,
  categories,
  images,
});
