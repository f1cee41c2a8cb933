import { sql } from 'kysely';
import type { Image, PriceChange, Product } from '../domain/product.ts';
import { missing } from '../domain/refusal.ts';
import type { Db } from './database.ts';
import { summaryColumns, toSummary } from './product-row.ts';

export interface Audience {
  /** Those who are logged in see products that are not published yet. */
  readonly unpublished: boolean;
}

export async function readProduct(db: Db, id: string, audience: Audience): Promise<Product> {
  let query = db
    .selectFrom('product')
    .innerJoin('product_text', 'product_text.product_id', 'product.product_id')
    .select([...summaryColumns, 'body', 'specs'])
    .where('product.product_id', '=', id)
    .where('removed', 'is', null);
  if (!audience.unpublished) query = query.where('state', '<>', 'unpublished');
  const row = await query.executeTakeFirst();
  if (!row) throw missing('product');
  const categories = await db
    .selectFrom('product_category')
    .innerJoin('category', 'category.category_id', 'product_category.category_id')
    .select(['category.category_id as id', 'slug', 'label'])
    .where('product_id', '=', id)
    .orderBy('product_category.sort_order')
    .orderBy('category.category_id')
    .execute();
  return {
    ...toSummary(row),
    body: row.body,
    specs: row.specs,
    categories,
    images: await imagesOf(db, id),
  };
}

/** Parts of a product that was removed are gone with it, though their rows remain. */
export async function requireProduct(db: Db, id: string): Promise<void> {
  const row = await db
    .selectFrom('product')
    .select('product_id')
    .where('product_id', '=', id)
    .where('removed', 'is', null)
    .executeTakeFirst();
  if (!row) throw missing('product');
}

export const imagesOf = (db: Db, productId: string): Promise<Image[]> =>
  db
    .selectFrom('product_image')
    .select(imageColumns)
    .where('product_id', '=', productId)
    .orderBy('image_id')
    .execute();

export const imageColumns = [
  'image_id as id',
  'product_id as productId',
  'file_name as fileName',
  'media_type as mediaType',
  'digest',
  'alternative_text as alternativeText',
] as const;

export async function readPriceChanges(db: Db, id: string): Promise<PriceChange[]> {
  await requireProduct(db, id);
  return db
    .selectFrom('price_change')
    .select(['revision', 'previous_amount as previousAmount', 'amount', 'occurred'])
    .where('product_id', '=', id)
    .orderBy('revision')
    .execute();
}

export const now = sql<Date>`clock_timestamp()`;
