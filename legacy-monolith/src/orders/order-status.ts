import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import type { OrderStatus } from '../db/schema.ts';
import { addStock } from '../inventory/stock.ts';
import { notify } from '../notifications/notify.ts';
import { refundOrder } from '../payments/refund.ts';
import { orderError, orderNotFound } from './order-error.ts';

const NEXT: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  placed: ['paid', 'cancelled'],
  paid: ['packed', 'cancelled'],
  packed: ['shipped'],
  shipped: ['delivered'],
  delivered: [],
  cancelled: [],
};
export const ORDER_STATUSES: readonly OrderStatus[] = [
  'placed',
  'paid',
  'packed',
  'shipped',
  'delivered',
  'cancelled',
];
export const nextStatuses = (status: OrderStatus): readonly OrderStatus[] => NEXT[status];

/**
 * Moves an order on inside the caller's transaction, with all that follows in other modules. `ownedBy` limits it
 * to one customer's order.
 */
export async function moveOrder(
  transaction: Db,
  orderId: string,
  to: OrderStatus,
  { actorId, ownedBy }: { actorId: number; ownedBy?: number | undefined },
): Promise<void> {
  const order = await transaction
    .selectFrom('orders')
    .select(['status', 'user_id'])
    .where('id', '=', orderId)
    .forUpdate()
    .executeTakeFirst();
  if (!order || (ownedBy !== undefined && order.user_id !== ownedBy)) throw orderNotFound();
  if (!NEXT[order.status].includes(to))
    throw orderError(409, 'WRONG_STATUS', `an order that is ${order.status} cannot become ${to}`);
  await transaction.updateTable('orders').set({ status: to }).where('id', '=', orderId).execute();
  await transaction
    .insertInto('order_events')
    .values({ order_id: orderId, status: to, at: sql`clock_timestamp()` })
    .execute();
  if (to === 'paid')
    await transaction
      .updateTable('payments')
      .set({ state: 'captured' })
      .where('order_id', '=', orderId)
      .where('state', '=', 'authorized')
      .execute();
  if (to === 'cancelled') {
    await putBack(transaction, orderId, actorId);
    await refundOrder(transaction, orderId, 'order cancelled');
  }
  await notify(transaction, {
    userId: order.user_id,
    orderId,
    kind: `order_${to}`,
    body: `Order ${orderId} is ${to}`,
  });
}

async function putBack(transaction: Db, orderId: string, actorId: number): Promise<void> {
  const items = await transaction
    .selectFrom('order_items')
    .select(['product_id', 'warehouse_id', 'quantity'])
    .where('order_id', '=', orderId)
    .orderBy('product_id')
    .execute();
  for (const item of items) {
    await addStock(transaction, item.product_id, item.warehouse_id, item.quantity);
    await transaction
      .insertInto('stock_movements')
      .values({
        product_id: item.product_id,
        warehouse_id: item.warehouse_id,
        quantity: item.quantity,
        reason: 'cancelled',
        actor_id: actorId,
        order_id: orderId,
      })
      .execute();
  }
}
