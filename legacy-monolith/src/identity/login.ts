import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { passwordMatches } from './password.ts';

export async function findByPassword(db: Db, email: unknown, password: unknown) {
  if (typeof email !== 'string' || typeof password !== 'string' || email.includes('\0'))
    return undefined;
  const user = await db
    .selectFrom('users')
    .select(['id', 'role', 'password_hash', 'full_name'])
    .where(sql<string>`lower(email)`, '=', email.toLowerCase())
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return user && (await passwordMatches(password, user.password_hash)) ? user : undefined;
}
