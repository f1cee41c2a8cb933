import type { Db } from '../db/database.ts';
import { parseId } from '../http/input.ts';
import { orderNotFound } from '../orders/order-error.ts';

export const ordersOf = (db: Db, userId: number) =>
  db
    .selectFrom('orders')
    .select(['id', 'status', 'total', 'currency', 'placed_at'])
    .where('user_id', '=', userId)
    .orderBy('id', 'desc')
    .limit(50)
    .execute();

/** One's own only, also for the staff: their pages are elsewhere. */
export async function orderOf(db: Db, userId: number, orderId: unknown) {
  const order = await db
    .selectFrom('orders')
    .select(['id', 'status', 'total', 'shipping_fee', 'currency'])
    .where('id', '=', parseId(orderId) ?? '0')
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (!order) throw orderNotFound();
  const items = await db
    .selectFrom('order_items')
    .select(['product_id', 'product_name', 'quantity', 'unit_price'])
    .where('order_id', '=', order.id)
    .orderBy('line_no')
    .execute();
  return { ...order, items };
}

export async function inCart(db: Db, userId: number): Promise<number> {
  const { count } = await db
    .selectFrom('cart_items')
    .select((items) =>
      items.fn.coalesce(items.fn.sum<string>('quantity'), items.lit(0)).as('count'),
    )
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  return Number(count);
}
