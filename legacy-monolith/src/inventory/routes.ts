import { Router } from 'express';
import type { Db } from '../db/database.ts';
import { HttpError, sqlState } from '../http/http-error.ts';
import { asFields, parseId, wholeNumber } from '../http/input.ts';
import { mustBeStaff } from '../identity/authenticate.ts';
import { addStock } from './stock.ts';

const refuse = (message: string): HttpError => new HttpError(400, { message });
const count = (value: unknown): number => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 100_000)
    throw refuse('quantity must be a whole number from 1 to 100000');
  return value;
};
const small = (value: unknown): number => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
    throw refuse('warehouse must be a number');
  return value;
};
const productOf = (value: unknown): string => {
  const id = parseId(value);
  if (id === undefined) throw refuse('product id is not a number');
  return id;
};
const unknownReference = (error: unknown): unknown =>
  sqlState(error) === '23503'
    ? new HttpError(404, { message: 'no such product or warehouse' })
    : error;

export function inventoryRoutes(db: Db): Router {
  const router = Router();

  router.get('/api/warehouses', async (_request, response) => {
    response.json(
      await db
        .selectFrom('warehouses')
        .select(['id', 'code', 'name', 'country', 'opened_on'])
        .orderBy('id')
        .execute(),
    );
  });

  router.get('/api/inventory', async (request, response) => {
    mustBeStaff(request);
    const below = wholeNumber(request.query.below, 0, 100_000, 10);
    if (below === undefined) throw refuse('below must be a number');
    const rows = await db
      .selectFrom('stock_levels')
      .innerJoin('products', 'products.id', 'product_id')
      .select(['product_id', 'sku', 'warehouse_id', 'on_hand', 'reorder_point'])
      .where('on_hand', '<', below)
      .where('deleted_at', 'is', null)
      .orderBy('on_hand')
      .orderBy('product_id')
      .orderBy('warehouse_id')
      .limit(200)
      .execute();
    response.json({ low: rows });
  });

  router.get('/api/inventory/:productId', async (request, response) => {
    const id = productOf(request.params.productId);
    const levels = await db
      .selectFrom('stock_levels')
      .select(['warehouse_id', 'on_hand', 'reorder_point'])
      .where('product_id', '=', id)
      .orderBy('warehouse_id')
      .execute();
    if (levels.length === 0)
      throw new HttpError(404, { message: 'no stock is kept of this product' });
    response.json({
      productId: id,
      available: levels.reduce((sum, level) => sum + level.on_hand, 0),
      levels,
    });
  });

  router.get('/api/inventory/:productId/movements', async (request, response) => {
    mustBeStaff(request);
    const rows = await db
      .selectFrom('stock_movements')
      .select(['id', 'warehouse_id', 'quantity', 'reason', 'order_id', 'at'])
      .where('product_id', '=', productOf(request.params.productId))
      .orderBy('id', 'desc')
      .limit(100)
      .execute();
    response.json({ movements: rows.map((row) => ({ ...row, at: row.at.toISOString() })) });
  });

  router.post('/api/inventory/:productId/receive', async (request, response) => {
    const { userId } = mustBeStaff(request);
    const id = productOf(request.params.productId);
    const body = asFields(request.body) ?? {};
    const [warehouse, quantity] = [small(body.warehouse_id), count(body.quantity)];
    try {
      const onHand = await db.transaction().execute(async (transaction) => {
        const level = await addStock(transaction, id, warehouse, quantity);
        await transaction
          .insertInto('stock_movements')
          .values({
            product_id: id,
            warehouse_id: warehouse,
            quantity,
            reason: 'received',
            actor_id: userId,
            order_id: null,
          })
          .execute();
        return level;
      });
      response.status(201).json({ product_id: id, warehouseId: warehouse, onHand });
    } catch (error) {
      throw unknownReference(error);
    }
  });

  router.post('/api/inventory/transfers', async (request, response) => {
    const { userId } = mustBeStaff(request);
    const body = asFields(request.body) ?? {};
    const [id, from, to, quantity] = [
      productOf(body.product_id),
      small(body.from),
      small(body.to),
      count(body.quantity),
    ];
    if (from === to) throw refuse('from and to are the same warehouse');
    try {
      await db.transaction().execute(async (transaction) => {
        // Always in the order of the ids, or two opposite transfers wait for each other.
        const legs = [
          { warehouse: from, quantity: -quantity },
          { warehouse: to, quantity },
        ].toSorted((a, b) => a.warehouse - b.warehouse);
        for (const leg of legs) {
          await addStock(transaction, id, leg.warehouse, leg.quantity);
          await transaction
            .insertInto('stock_movements')
            .values({
              product_id: id,
              warehouse_id: leg.warehouse,
              quantity: leg.quantity,
              reason: 'transferred',
              actor_id: userId,
              order_id: null,
            })
            .execute();
        }
      });
      response.status(201).json({ product_id: id, from, to, quantity });
    } catch (error) {
      throw unknownReference(error);
    }
  });

  return router;
}
