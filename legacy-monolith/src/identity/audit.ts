import type { Db } from '../db/database.ts';

export async function audit(
  db: Db,
  actorId: number | null,
  action: string,
  { subject = null, details = {} }: { subject?: string | null; details?: object } = {},
): Promise<void> {
  await db
    .insertInto('audit_log')
    .values({ actor_id: actorId, action, subject, details: JSON.stringify(details) })
    .execute();
}
