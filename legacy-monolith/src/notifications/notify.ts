import type { Db } from '../db/database.ts';

interface Message {
  readonly userId: number;
  readonly orderId: string | null;
  readonly kind: string;
  readonly body: string;
}

/** In the caller's transaction; whoever is connected hears of it at commit. */
export async function notify(
  transaction: Db,
  { userId, orderId, kind, body }: Message,
): Promise<void> {
  await transaction
    .insertInto('notifications')
    .values({ user_id: userId, order_id: orderId, kind, body })
    .execute();
}
