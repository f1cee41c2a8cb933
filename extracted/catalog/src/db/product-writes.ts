import { sql, type Transaction, type UpdateObject } from 'kysely';
import { samePrice } from '../domain/price.ts';
import type { NewProduct, ProductFields } from '../domain/product.ts';
import { conflict, invalid, missing } from '../domain/refusal.ts';
import { publishProduct } from './catalog-events.ts';
import { sqlState, type Db } from './database.ts';
import { now } from './product-reads.ts';
import type { CatalogSchema } from './schema.ts';

type Tx = Transaction<CatalogSchema>;

/** A product, its texts, its first price and its categories appear together or not at all. */
export async function createProduct(
  db: Db,
  product: NewProduct,
  categoryIds: readonly string[],
): Promise<string> {
  return refusing('price', () =>
    db.transaction().execute(async (tx) => {
      const { sku, amount } = product;
      const { product_id: id, amount: stored } = await tx
        .insertInto('product')
        .values({ ...productColumns(product), sku, amount })
        .returning(['product_id', 'amount'])
        .executeTakeFirstOrThrow();
      await tx
        .insertInto('product_text')
        .values({ product_id: id, title: product.title, body: product.body ?? null })
        .execute();
      await recordPrice(tx, id, null, stored);
      if (categoryIds.length > 0) {
        await tx
          .insertInto('product_category')
          .values(
            categoryIds.map((category_id, sort_order) => ({
              product_id: id,
              category_id,
              sort_order,
            })),
          )
          .execute();
      }
      await publishProduct(tx, 'product.created', id);
      return id;
    }),
  );
}

export async function changeProduct(db: Db, id: string, fields: ProductFields): Promise<void> {
  await refusing('price', () =>
    db.transaction().execute(async (tx) => {
      const before = await lockPrice(tx, id);
      const { amount } = await tx
        .updateTable('product')
        .set({ ...productColumns(fields), modified: now })
        .where('product_id', '=', id)
        .returning('amount')
        .executeTakeFirstOrThrow();
      const texts = textColumns(fields);
      if (Object.keys(texts).length > 0)
        await tx.updateTable('product_text').set(texts).where('product_id', '=', id).execute();
      if (!samePrice(before, amount)) await recordPrice(tx, id, before, amount);
      await publishProduct(tx, 'product.changed', id);
    }),
  );
}

export async function removeProduct(db: Db, id: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const result = await tx
      .updateTable('product')
      .set({ removed: sql<Date>`now()`, modified: now })
      .where('product_id', '=', id)
      .where('removed', 'is', null)
      .executeTakeFirst();
    if (result.numUpdatedRows === 0n) throw missing('product');
    await publishProduct(tx, 'product.removed', id);
  });
}

/** Adds to the price; sent twice it adds twice. */
export async function adjustAmount(
  db: Db,
  id: string,
  delta: string,
): Promise<{ id: string; amount: string; currencyCode: string | null }> {
  return refusing('delta', () =>
    db.transaction().execute(async (tx) => {
      const before = await lockPrice(tx, id);
      const { amount, currency_code: currencyCode } = await tx
        .updateTable('product')
        .set({ amount: sql`amount + ${delta}::numeric`, modified: now })
        .where('product_id', '=', id)
        .returning(['amount', 'currency_code'])
        .executeTakeFirstOrThrow();
      if (!samePrice(before, amount)) await recordPrice(tx, id, before, amount);
      await publishProduct(tx, 'product.changed', id);
      return { id, amount, currencyCode: currencyCode ?? null };
    }),
  );
}

/** The lock also numbers the price changes: nobody else takes the next revision before this transaction ends. */
async function lockPrice(tx: Tx, id: string): Promise<string> {
  const row = await tx
    .selectFrom('product')
    .select('amount')
    .where('product_id', '=', id)
    .where('removed', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw missing('product');
  return row.amount;
}

async function recordPrice(
  tx: Tx,
  id: string,
  previous: string | null,
  amount: string,
): Promise<void> {
  await sql`INSERT INTO price_change (product_id, revision, previous_amount, amount)
    SELECT ${id}, coalesce(max(revision), 0) + 1, ${previous}::numeric, ${amount}::numeric FROM price_change
      WHERE product_id = ${id}`.execute(tx);
}

function productColumns(fields: ProductFields): UpdateObject<CatalogSchema, 'product'> {
  const { sku, amount, currencyCode, state, specs, labels, weightKg, erpReference, availableFrom } =
    fields;
  return present({
    sku,
    amount,
    currency_code: currencyCode,
    state,
    specs: specs && JSON.stringify(specs),
    labels: labels && [...labels],
    weight_kg: weightKg,
    erp_reference: erpReference,
    available_from: availableFrom,
  });
}

const textColumns = (fields: ProductFields) => present({ title: fields.title, body: fields.body });

/** An absent field must not reach the statement, where it would mean DEFAULT or NULL. */
const present = <T extends object>(fields: T): Partial<T> => {
  const kept: Partial<T> = { ...fields };
  for (const key of Object.keys(kept) as (keyof T)[]) if (kept[key] === undefined) delete kept[key];
  return kept;
};

async function refusing<T>(field: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    switch (sqlState(error)) {
      case '23505':
        throw conflict('sku');
      case '23503':
        throw invalid({ field: 'categoryIds', message: 'names a category that does not exist' });
      case '23514':
        throw invalid({ field, message: 'would make the price negative' });
      case '22003':
        throw invalid({ field, message: 'would make the price too large' });
      default:
        throw error;
    }
  }
}
