import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { HttpError, sqlState } from '../http/http-error.ts';
import { invalid, type ProductInput } from './product-input.ts';
import { imageJson, productDetail } from './product-json.ts';

const COLUMNS = [
  'id',
  'sku',
  'name',
  'description',
  'price',
  'currency',
  'status',
  'attributes',
  'tags',
  'weight',
  'external_ref',
  'released_on',
  'created_at',
  'updated_at',
] as const;
const productNotFound = (): HttpError => new HttpError(404, { error: 'product not found' });

export async function findProduct(db: Db, id: string, { drafts }: { drafts: boolean }) {
  let query = db
    .selectFrom('products')
    .select(COLUMNS)
    .where('id', '=', id)
    .where('deleted_at', 'is', null);
  if (!drafts) query = query.where('status', '<>', 'draft');
  const row = await query.executeTakeFirst();
  if (!row) throw productNotFound();
  const categories = await db
    .selectFrom('product_categories')
    .innerJoin('categories', 'categories.id', 'category_id')
    .select(['categories.id', 'slug', 'name'])
    .where('product_id', '=', id)
    .orderBy('product_categories.position')
    .orderBy('categories.id')
    .execute();
  const images = await db
    .selectFrom('product_images')
    .select(['id', 'product_id', 'filename', 'content_type', 'sha256', 'alt_text'])
    .where('product_id', '=', id)
    .orderBy('id')
    .execute();
  return productDetail(row, categories, images.map(imageJson));
}

/** Refuses the parts of a product that nobody may see any more. */
export async function mustExist(db: Db, id: string): Promise<void> {
  const row = await db
    .selectFrom('products')
    .select('id')
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (!row) throw productNotFound();
}

export async function createProduct(
  db: Db,
  input: ProductInput,
  categoryIds: readonly string[],
): Promise<string> {
  const { sku, name, price, ...rest } = input;
  if (sku === undefined || name === undefined || price === undefined)
    throw invalid([{ field: 'body', message: 'is incomplete' }]);
  try {
    return await db.transaction().execute(async (transaction) => {
      const { id } = await transaction
        .insertInto('products')
        .values({ sku, name, price, ...rest })
        .returning('id')
        .executeTakeFirstOrThrow();
      if (categoryIds.length > 0) {
        await transaction
          .insertInto('product_categories')
          .values(
            categoryIds.map((category_id, position) => ({ product_id: id, category_id, position })),
          )
          .execute();
      }
      return id;
    });
  } catch (error) {
    throw explained(error);
  }
}

export async function changeProduct(db: Db, id: string, input: ProductInput): Promise<void> {
  try {
    const result = await db
      .updateTable('products')
      .set(input)
      .where('id', '=', id)
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
    if (result.numUpdatedRows === 0n) throw productNotFound();
  } catch (error) {
    throw explained(error);
  }
}

export async function deleteProduct(db: Db, id: string): Promise<void> {
  const result = await db
    .updateTable('products')
    .set({ deleted_at: sql`now()` })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) throw productNotFound();
}

/** Adds to the price; sent twice it adds twice. */
export async function adjustPrice(db: Db, id: string, delta: string) {
  try {
    const row = await db
      .updateTable('products')
      .set({ price: sql`price + ${delta}::numeric` })
      .where('id', '=', id)
      .where('deleted_at', 'is', null)
      .returning(['id', 'price', 'currency'])
      .executeTakeFirst();
    if (!row) throw productNotFound();
    return row;
  } catch (error) {
    throw explained(error, 'delta');
  }
}

export async function priceHistory(db: Db, id: string) {
  await mustExist(db, id);
  const rows = await db
    .selectFrom('price_history')
    .select(['revision', 'old_price', 'new_price', 'changed_at'])
    .where('product_id', '=', id)
    .orderBy('revision')
    .execute();
  const entries = rows.map((row) => ({
    revision: row.revision,
    oldPrice: row.old_price,
    newPrice: row.new_price,
    changedAt: row.changed_at.toISOString(),
  }));
  return { product_id: id, entries };
}

function explained(error: unknown, moneyField = 'price'): unknown {
  switch (sqlState(error)) {
    case '23505':
      return new HttpError(409, { error: 'conflict', field: 'sku' });
    case '23503':
      return invalid([{ field: 'categoryIds', message: 'names a category that does not exist' }]);
    case '23514':
      return invalid([{ field: moneyField, message: 'would make the price negative' }]);
    case '22003':
      return invalid([{ field: moneyField, message: 'would make the price too large' }]);
    default:
      return error;
  }
}
