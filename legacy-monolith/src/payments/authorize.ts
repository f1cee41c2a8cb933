import type { Db } from '../db/database.ts';
import { paymentError } from './payment-error.ts';

interface Charge {
  readonly userId: number;
  readonly orderId: string;
  readonly amount: string;
  readonly methodId: number | undefined;
}

/** Inside the order's transaction: a declined payment takes the order back with it. */
export async function authorizePayment(
  transaction: Db,
  { userId, orderId, amount, methodId }: Charge,
): Promise<string> {
  let query = transaction
    .selectFrom('payment_methods')
    .select(['id', 'token'])
    .where('user_id', '=', userId)
    .where('deleted_at', 'is', null);
  if (methodId !== undefined) query = query.where('id', '=', methodId);
  const method = await query.orderBy('id').limit(1).executeTakeFirst();
  if (!method) throw paymentError(422, 'no_payment_method', 'there is no such payment method');
  if (method.token.startsWith('tok_declined'))
    throw paymentError(402, 'card_declined', 'the bank refused this payment');
  const { id } = await transaction
    .insertInto('payments')
    .values({
      order_id: orderId,
      method_id: method.id,
      amount,
      provider_payload: JSON.stringify({ provider: 'acme', reference: `ch_${orderId}` }),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}
