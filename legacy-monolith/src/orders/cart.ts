import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { sqlState } from '../http/http-error.ts';
import { parseId } from '../http/input.ts';
import { orderError } from './order-error.ts';

/** What is in it, each line with the currency of its price. */
export async function cartLinesOf(db: Db, userId: number) {
  return db
    .selectFrom('cart_items')
    .innerJoin('products', 'products.id', 'product_id')
    .select([
      'product_id',
      'name',
      'quantity',
      'price',
      sql<string>`(price * quantity)::numeric(14,2)`.as('lineTotal'),
      sql<string>`coalesce(currency, 'EUR')`.as('currency'),
    ])
    .where('user_id', '=', userId)
    .orderBy('product_id')
    .execute();
}

export async function cartOf(db: Db, userId: number) {
  const lines = await cartLinesOf(db, userId);
  const items = lines.map(({ currency: _, ...line }) => line);
  const {
    rows: [sum],
  } = await sql<{ total: string }>`
    SELECT coalesce(sum(price * quantity), 0)::numeric(14,2) AS total FROM cart_items
      JOIN products ON products.id = product_id WHERE user_id = ${userId}`.execute(db);
  return { items, total: sum?.total ?? '0.00' };
}

/** `quantity` of the product from now on, however many there were. */
export async function putIntoCart(
  db: Db,
  userId: number,
  { productId, quantity }: { productId: unknown; quantity: unknown },
): Promise<void> {
  const id = parseId(productId);
  if (
    id === undefined ||
    typeof quantity !== 'number' ||
    !Number.isInteger(quantity) ||
    quantity < 1 ||
    quantity > 999
  )
    throw orderError(400, 'INVALID_ITEM', 'quantity must be from 1 to 999');
  try {
    await db.transaction().execute(async (transaction) => {
      await transaction
        .insertInto('carts')
        .values({ user_id: userId })
        .onConflict((conflict) =>
          conflict.column('user_id').doUpdateSet({ updated_at: sql`now()` }),
        )
        .execute();
      await transaction
        .insertInto('cart_items')
        .values({ user_id: userId, product_id: id, quantity })
        .onConflict((conflict) =>
          conflict.columns(['user_id', 'product_id']).doUpdateSet({ quantity }),
        )
        .execute();
    });
  } catch (error) {
    throw sqlState(error) === '23503'
      ? orderError(404, 'PRODUCT_NOT_FOUND', 'there is no such product')
      : error;
  }
}

export async function takeOutOfCart(db: Db, userId: number, productId: unknown): Promise<void> {
  await db
    .deleteFrom('cart_items')
    .where('user_id', '=', userId)
    .where('product_id', '=', parseId(productId) ?? '0')
    .execute();
}
