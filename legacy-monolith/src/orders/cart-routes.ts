import { Router } from 'express';
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { sqlState } from '../http/http-error.ts';
import { asFields, parseId } from '../http/input.ts';
import { mustBeUser } from '../identity/authenticate.ts';
import { orderError } from './order-error.ts';

async function cartOf(db: Db, userId: number) {
  const items = await db
    .selectFrom('cart_items')
    .innerJoin('products', 'products.id', 'product_id')
    .select([
      'product_id',
      'name',
      'quantity',
      'price',
      sql<string>`(price * quantity)::numeric(14,2)`.as('lineTotal'),
    ])
    .where('user_id', '=', userId)
    .orderBy('product_id')
    .execute();
  const {
    rows: [sum],
  } = await sql<{ total: string }>`
    SELECT coalesce(sum(price * quantity), 0)::numeric(14,2) AS total FROM cart_items
      JOIN products ON products.id = product_id WHERE user_id = ${userId}`.execute(db);
  return { items, total: sum?.total ?? '0.00' };
}

export function cartRoutes(db: Db): Router {
  const router = Router();

  router.get('/api/cart', async (request, response) => {
    response.json(await cartOf(db, mustBeUser(request).userId));
  });

  router.put('/api/cart/items/:productId', async (request, response) => {
    const { userId } = mustBeUser(request);
    const productId = parseId(request.params.productId);
    const quantity = asFields(request.body)?.quantity;
    if (
      productId === undefined ||
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
          .values({ user_id: userId, product_id: productId, quantity })
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
    response.json(await cartOf(db, userId));
  });

  router.delete('/api/cart/items/:productId', async (request, response) => {
    const { userId } = mustBeUser(request);
    await db
      .deleteFrom('cart_items')
      .where('user_id', '=', userId)
      .where('product_id', '=', parseId(request.params.productId) ?? '0')
      .execute();
    response.json(await cartOf(db, userId));
  });

  return router;
}
