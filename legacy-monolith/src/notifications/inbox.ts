import { sql, type Selectable } from 'kysely';
import type { Db } from '../db/database.ts';
import type { Shop } from '../db/schema.ts';

export const notificationJson = (row: Selectable<Shop['notifications']>) => ({
  id: row.id,
  order_id: row.order_id,
  kind: row.kind,
  body: row.body,
  createdAt: row.created_at.toISOString(),
  readAt: row.read_at?.toISOString() ?? null,
});

export async function inbox(db: Db, userId: number) {
  const rows = await db
    .selectFrom('notifications')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('id', 'desc')
    .limit(50)
    .execute();
  return { unread: await unreadCount(db, userId), notifications: rows.map(notificationJson) };
}

export async function unreadCount(db: Db, userId: number): Promise<number> {
  const { count } = await db
    .selectFrom('notifications')
    .where('user_id', '=', userId)
    .where('read_at', 'is', null)
    .select((row) => row.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function markRead(db: Db, userId: number, id: string): Promise<boolean> {
  const result = await db
    .updateTable('notifications')
    .set({ read_at: sql`coalesce(read_at, now())` })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}
