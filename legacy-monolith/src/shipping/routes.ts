import { Router } from 'express';
import type { Db } from '../db/database.ts';
import { HttpError, sqlState } from '../http/http-error.ts';
import { asFields, isText, parseId } from '../http/input.ts';
import { mustBeStaff } from '../identity/authenticate.ts';
import { moveOrder } from '../orders/order-status.ts';
import { quoteRoutes } from './quote-routes.ts';

const bad = (status: number, code: string, message: string): HttpError =>
  new HttpError(status, { code, message });

export function shippingRoutes(db: Db): Router {
  const router = Router();
  router.use(quoteRoutes());

  router.get('/shipping/carriers', async (_request, response) => {
    const carriers = await db
      .selectFrom('carriers')
      .select(['id', 'code', 'name', 'service_levels'])
      .orderBy('id')
      .execute();
    response.json({ carriers });
  });

  router.post('/api/orders/:id/shipments', async (request, response) => {
    const { userId } = mustBeStaff(request);
    const orderId = parseId(request.params.id);
    const { carrier, trackingNumber } = asFields(request.body) ?? {};
    if (orderId === undefined) throw bad(404, 'ORDER_NOT_FOUND', 'there is no such order');
    if (!isText(carrier, 20) || !isText(trackingNumber, 64))
      throw bad(400, 'INVALID_SHIPMENT', 'carrier and trackingNumber are needed');
    try {
      const shipment = await db.transaction().execute(async (transaction) => {
        const known = await transaction
          .selectFrom('carriers')
          .select('id')
          .where('code', '=', carrier)
          .executeTakeFirst();
        if (!known) throw bad(400, 'UNKNOWN_CARRIER', 'there is no such carrier');
        await moveOrder(transaction, orderId, 'shipped', { actorId: userId });
        return transaction
          .insertInto('shipments')
          .values({ order_id: orderId, carrier_id: known.id, tracking_number: trackingNumber })
          .returning(['id', 'tracking_number', 'shipped_at'])
          .executeTakeFirstOrThrow();
      });
      response.status(201).json({
        id: shipment.id,
        orderId,
        tracking_number: shipment.tracking_number,
        shippedAt: shipment.shipped_at.toISOString(),
      });
    } catch (error) {
      throw sqlState(error) === '23505'
        ? bad(409, 'DUPLICATE_TRACKING', 'this tracking number is used')
        : error;
    }
  });

  router.get('/shipping/track/:trackingNumber', async (request, response) => {
    const row = await db
      .selectFrom('shipments')
      .innerJoin('carriers', 'carriers.id', 'carrier_id')
      .innerJoin('orders', 'orders.id', 'order_id')
      .select([
        'tracking_number',
        'carriers.name as carrier',
        'orders.status',
        'shipped_at',
        'delivered_at',
      ])
      .where('tracking_number', '=', request.params.trackingNumber)
      .executeTakeFirst();
    if (!row) throw bad(404, 'UNKNOWN_TRACKING_NUMBER', 'there is no such shipment');
    response.json({
      ...row,
      shipped_at: row.shipped_at.toISOString(),
      delivered_at: row.delivered_at?.toISOString() ?? null,
    });
  });

  return router;
}
