import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { HttpError } from '../http/http-error.ts';

/** Takes a quantity out of the warehouse that has most of it; the row stays locked until the caller's transaction ends. */
export async function takeStock(
  transaction: Db,
  productId: string,
  quantity: number,
): Promise<number | undefined> {
  const level = await transaction
    .selectFrom('stock_levels')
    .select(['warehouse_id', 'on_hand'])
    .where('product_id', '=', productId)
    .where('on_hand', '>=', quantity)
    .orderBy('on_hand', 'desc')
    .orderBy('warehouse_id')
    .limit(1)
    .forUpdate()
    .executeTakeFirst();
  if (!level) return undefined;
  await addStock(transaction, productId, level.warehouse_id, -quantity);
  return level.warehouse_id;
}

export async function addStock(
  transaction: Db,
  productId: string,
  warehouseId: number,
  quantity: number,
): Promise<number> {
  if (quantity < 0) {
    const left = await transaction
      .updateTable('stock_levels')
      .set({ on_hand: sql`on_hand + ${quantity}`, updated_at: sql`now()` })
      .where('product_id', '=', productId)
      .where('warehouse_id', '=', warehouseId)
      .where('on_hand', '>=', -quantity)
      .returning('on_hand')
      .executeTakeFirst();
    if (!left) throw new HttpError(409, { message: 'not enough stock' });
    return left.on_hand;
  }
  const row = await transaction
    .insertInto('stock_levels')
    .values({
      product_id: productId,
      warehouse_id: warehouseId,
      on_hand: quantity,
      reorder_point: null,
    })
    .onConflict((conflict) =>
      conflict.columns(['product_id', 'warehouse_id']).doUpdateSet({
        on_hand: sql`stock_levels.on_hand + excluded.on_hand`,
        updated_at: sql`now()`,
      }),
    )
    .returning('on_hand')
    .executeTakeFirstOrThrow();
  return row.on_hand;
}
