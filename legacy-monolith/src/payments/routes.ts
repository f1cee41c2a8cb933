import { Router } from 'express';
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { asFields, isDate, isMoney, isText, isUuid, wholeNumber } from '../http/input.ts';
import { mustBeStaff, mustBeUser } from '../identity/authenticate.ts';
import { paymentError } from './payment-error.ts';
import { refundPayment } from './refund.ts';

const METHOD = ['id', 'kind', 'label', 'expires_on'] as const;
const notFound = () => paymentError(404, 'payment_not_found', 'there is no such payment');

export function paymentRoutes(db: Db): Router {
  const router = Router();

  router.get('/api/payment-methods', async (request, response) => {
    const { userId } = mustBeUser(request);
    response.json({
      methods: await db
        .selectFrom('payment_methods')
        .select(METHOD)
        .where('user_id', '=', userId)
        .where('deleted_at', 'is', null)
        .orderBy('id')
        .execute(),
    });
  });

  router.post('/api/payment-methods', async (request, response) => {
    const { userId } = mustBeUser(request);
    const { kind, label, token, expires_on: expires = null } = asFields(request.body) ?? {};
    if (kind !== 'card' && kind !== 'sepa' && kind !== 'invoice')
      throw paymentError(422, 'invalid_method', 'kind must be card, sepa or invoice');
    if (!isText(label, 100) || !isText(token, 200) || (expires !== null && !isDate(expires)))
      throw paymentError(422, 'invalid_method', 'label, token and maybe expires_on are needed');
    response
      .status(201)
      .json(
        await db
          .insertInto('payment_methods')
          .values({ user_id: userId, kind, label, token, expires_on: expires })
          .returning(METHOD)
          .executeTakeFirstOrThrow(),
      );
  });

  router.delete('/api/payment-methods/:id', async (request, response) => {
    const { userId } = mustBeUser(request);
    const id = wholeNumber(request.params.id, 1, 999_999, 0) ?? 0;
    const result = await db
      .updateTable('payment_methods')
      .set({ deleted_at: sql`now()` })
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
    if (result.numUpdatedRows === 0n)
      throw paymentError(404, 'method_not_found', 'there is no such payment method');
    response.status(204).end();
  });

  router.get('/api/payments/:id', async (request, response) => {
    const who = mustBeUser(request);
    if (!isUuid(request.params.id)) throw notFound();
    let query = db
      .selectFrom('payments')
      .innerJoin('orders', 'orders.id', 'order_id')
      .select(['payments.id', 'order_id', 'amount', 'state', 'provider_payload', 'created_at'])
      .where('payments.id', '=', request.params.id);
    if (who.role === 'customer') query = query.where('orders.user_id', '=', who.userId);
    const payment = await query.executeTakeFirst();
    if (!payment) throw notFound();
    const refunds = await db
      .selectFrom('refunds')
      .select(['refund_no', 'amount', 'reason', 'created_at'])
      .where('payment_id', '=', payment.id)
      .orderBy('refund_no')
      .execute();
    response.json({
      id: payment.id,
      orderId: payment.order_id,
      amount: payment.amount,
      state: payment.state,
      provider_payload: payment.provider_payload,
      createdAt: payment.created_at.toISOString(),
      refunds: refunds.map((refund) => ({
        ...refund,
        created_at: refund.created_at.toISOString(),
      })),
    });
  });

  router.post('/api/payments/:id/refunds', async (request, response) => {
    mustBeStaff(request);
    const { id } = request.params;
    if (!isUuid(id)) throw notFound();
    const { amount, reason } = asFields(request.body) ?? {};
    if (amount !== undefined && !isMoney(amount))
      throw paymentError(422, 'invalid_amount', 'amount must be a string like "12.34"');
    const refund = await db
      .transaction()
      .execute((transaction) =>
        refundPayment(transaction, id, amount, isText(reason, 500) ? reason : null),
      );
    response.status(201).json({ ...refund, created_at: refund.created_at.toISOString() });
  });

  return router;
}
