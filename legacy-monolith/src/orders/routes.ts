import { Router } from 'express';
import type { Db } from '../db/database.ts';
import type { LiveFeed } from '../db/live-feed.ts';
import { asFields, parseId, wholeNumber } from '../http/input.ts';
import { audit } from '../identity/audit.ts';
import { mustBeStaff, mustBeUser, type Identity } from '../identity/authenticate.ts';
import { orderError, orderNotFound } from './order-error.ts';
import { moveOrder, ORDER_STATUSES } from './order-status.ts';
import { placeOrder, readOrderRequest } from './place-order.ts';
import { streamOrderStatus } from './status-feed.ts';

const orderId = (value: unknown): string => {
  const id = parseId(value);
  if (id === undefined) throw orderNotFound();
  return id;
};

async function findOrder(db: Db, id: string, who: Identity) {
  let query = db.selectFrom('orders').selectAll().where('id', '=', id);
  if (who.role === 'customer') query = query.where('user_id', '=', who.userId);
  const order = await query.executeTakeFirst();
  if (!order) throw orderNotFound();
  const items = await db
    .selectFrom('order_items')
    .select(['line_no', 'product_id', 'product_name', 'quantity', 'unit_price'])
    .where('order_id', '=', id)
    .orderBy('line_no')
    .execute();
  const payments = await db
    .selectFrom('payments')
    .select(['id', 'state', 'amount'])
    .where('order_id', '=', id)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return {
    id: order.id,
    orderNumber: order.order_number,
    user_id: order.user_id,
    status: order.status,
    currency: order.currency,
    subtotal: order.subtotal,
    shippingFee: order.shipping_fee,
    total: order.total,
    placed_at: order.placed_at.toISOString(),
    note: order.note,
    items,
    payments,
  };
}

export function orderRoutes(db: Db, live: LiveFeed): Router {
  const router = Router();

  router.post('/api/orders', async (request, response) => {
    const who = mustBeUser(request);
    const id = await placeOrder(db, who.userId, readOrderRequest(request.body));
    response
      .status(201)
      .location(`/api/orders/${id}`)
      .json(await findOrder(db, id, who));
  });

  // Cursor pages, unlike the catalog's: order lists grow at the top while one reads.
  router.get('/api/orders', async (request, response) => {
    const who = mustBeUser(request);
    const limit = wholeNumber(request.query.limit, 1, 100, 20);
    const before = request.query.before === undefined ? undefined : parseId(request.query.before);
    if (limit === undefined || (request.query.before !== undefined && before === undefined))
      throw orderError(400, 'INVALID_PAGE', 'limit or before is not a number');
    let query = db
      .selectFrom('orders')
      .select(['id', 'status', 'total', 'currency', 'placed_at'])
      .where('user_id', '=', who.userId);
    if (before !== undefined) query = query.where('id', '<', before);
    const rows = await query
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute();
    const orders = rows
      .slice(0, limit)
      .map((row) => ({ ...row, placed_at: row.placed_at.toISOString() }));
    response.json({ orders, nextBefore: rows.length > limit ? (orders.at(-1)?.id ?? null) : null });
  });

  router.get('/api/orders/feed', async (request, response) => {
    const who = mustBeUser(request);
    await streamOrderStatus({
      db,
      live,
      request,
      response,
      userId: who.role === 'customer' || request.query.mine === '1' ? who.userId : undefined,
    });
  });

  router.get('/api/orders/:id', async (request, response) => {
    response.json(await findOrder(db, orderId(request.params.id), mustBeUser(request)));
  });

  router.get('/api/orders/:id/events', async (request, response) => {
    const { id } = await findOrder(db, orderId(request.params.id), mustBeUser(request));
    await streamOrderStatus({ db, live, request, response, orderId: id });
  });

  router.post('/api/orders/:id/cancel', async (request, response) => {
    const who = mustBeUser(request);
    const id = orderId(request.params.id);
    await db.transaction().execute(async (transaction) => {
      await moveOrder(transaction, id, 'cancelled', {
        actorId: who.userId,
        ownedBy: who.role === 'customer' ? who.userId : undefined,
      });
      await audit(transaction, who.userId, 'order.cancelled', { subject: id });
    });
    response.json(await findOrder(db, id, who));
  });

  router.post('/api/orders/:id/status', async (request, response) => {
    const who = mustBeStaff(request);
    const id = orderId(request.params.id);
    const status = ORDER_STATUSES.find((known) => known === asFields(request.body)?.status);
    if (!status)
      throw orderError(400, 'INVALID_STATUS', `status must be one of ${ORDER_STATUSES.join(', ')}`);
    await db
      .transaction()
      .execute((transaction) => moveOrder(transaction, id, status, { actorId: who.userId }));
    response.json(await findOrder(db, id, who));
  });

  return router;
}
