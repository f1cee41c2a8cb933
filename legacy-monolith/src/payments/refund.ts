import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { paymentError } from './payment-error.ts';

/** Gives back what is left of every payment of an order. */
export async function refundOrder(transaction: Db, orderId: string, reason: string): Promise<void> {
  const payments = await transaction
    .selectFrom('payments')
    .select('id')
    .where('order_id', '=', orderId)
    .where('state', 'in', ['authorized', 'captured'])
    .execute();
  for (const payment of payments) await refundPayment(transaction, payment.id, undefined, reason);
}

/** `amount` undefined gives back the rest. */
export async function refundPayment(
  transaction: Db,
  paymentId: string,
  amount: string | undefined,
  reason: string | null,
) {
  const payment = await transaction
    .selectFrom('payments')
    .select(['amount', 'state'])
    .where('id', '=', paymentId)
    .forUpdate()
    .executeTakeFirst();
  if (!payment) throw paymentError(404, 'payment_not_found', 'there is no such payment');
  const {
    rows: [left],
  } = await sql<{ rest: string; number: number; enough: boolean }>`
    SELECT ${payment.amount}::numeric - coalesce(sum(amount), 0) AS rest, coalesce(max(refund_no), 0) + 1 AS number,
      ${payment.amount}::numeric - coalesce(sum(amount), 0) >= greatest(${amount ?? '0'}::numeric, 0.01) AS enough
    FROM refunds WHERE payment_id = ${paymentId}`.execute(transaction);
  if (!left?.enough || payment.state === 'failed')
    throw paymentError(409, 'nothing_to_refund', 'less than that is left of this payment');
  const refund = await transaction
    .insertInto('refunds')
    .values({ payment_id: paymentId, refund_no: left.number, amount: amount ?? left.rest, reason })
    .returning(['refund_no', 'amount', 'reason', 'created_at'])
    .executeTakeFirstOrThrow();
  await transaction
    .updateTable('payments')
    .set({ state: 'refunded' })
    .where('id', '=', paymentId)
    .where(
      sql<boolean>`amount <= (SELECT sum(amount) FROM refunds WHERE payment_id = ${paymentId})`,
    )
    .execute();
  return refund;
}
