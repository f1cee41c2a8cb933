import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Db } from '../db/database.ts';
import { asFields, isUuid } from '../http/input.ts';

const COOKIE = 'shop_session';
const HOURS = 8;

export interface Session {
  readonly id: string;
  readonly userId: number;
  readonly csrf: string;
}

const cookieOf = (request: Request): string | undefined =>
  request.headers.cookie
    ?.split(/; */)
    .find((pair) => pair.startsWith(`${COOKIE}=`))
    ?.slice(COOKIE.length + 1);

export async function findSession(db: Db, request: Request): Promise<Session | undefined> {
  const id = cookieOf(request);
  if (!isUuid(id)) return undefined;
  const row = await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'user_id')
    .select(['sessions.id', 'user_id', 'csrf_token'])
    .where('sessions.id', '=', id)
    .where('expires_at', '>', new Date())
    .where('deleted_at', 'is', null)
    .where('role', '<>', 'customer')
    .executeTakeFirst();
  return row && { id: row.id, userId: row.user_id, csrf: row.csrf_token };
}

export async function openSession(db: Db, response: Response, userId: number): Promise<void> {
  const row = await db
    .insertInto('sessions')
    .values({
      user_id: userId,
      csrf_token: randomBytes(18).toString('base64url'),
      expires_at: new Date(Date.now() + HOURS * 3_600_000),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  response.cookie(COOKIE, row.id, {
    httpOnly: true,
    sameSite: 'lax',
    path: '/admin',
    maxAge: HOURS * 3_600_000,
  });
}

export async function endSession(db: Db, response: Response, session: Session): Promise<void> {
  await db.deleteFrom('sessions').where('id', '=', session.id).execute();
  response.clearCookie(COOKIE, { path: '/admin' });
}

export const csrfMatches = (request: Request, session: Session): boolean =>
  asFields(request.body)?.csrf === session.csrf;
