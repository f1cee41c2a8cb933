import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Db } from '../db/database.ts';
import { asFields, isUuid } from '../http/input.ts';

const HOURS = 8;

/** One way into the shop, with a cookie of its own. */
export interface Door {
  readonly cookie: string;
  readonly path: string;
  readonly staffOnly: boolean;
}

export interface Session {
  readonly id: string;
  readonly userId: number;
  readonly csrf: string;
}

const cookieOf = (request: Request, name: string): string | undefined =>
  request.headers.cookie
    ?.split(/; */)
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);

export async function findSession(
  db: Db,
  door: Door,
  request: Request,
): Promise<Session | undefined> {
  const id = cookieOf(request, door.cookie);
  if (!isUuid(id)) return undefined;
  let query = db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'user_id')
    .select(['sessions.id', 'user_id', 'csrf_token'])
    .where('sessions.id', '=', id)
    .where('expires_at', '>', new Date())
    .where('deleted_at', 'is', null);
  if (door.staffOnly) query = query.where('role', '<>', 'customer');
  const row = await query.executeTakeFirst();
  return row && { id: row.id, userId: row.user_id, csrf: row.csrf_token };
}

export async function openSession(
  db: Db,
  door: Door,
  response: Response,
  userId: number,
): Promise<void> {
  const row = await db
    .insertInto('sessions')
    .values({
      user_id: userId,
      csrf_token: randomBytes(18).toString('base64url'),
      expires_at: new Date(Date.now() + HOURS * 3_600_000),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  response.cookie(door.cookie, row.id, {
    httpOnly: true,
    sameSite: 'lax',
    path: door.path,
    maxAge: HOURS * 3_600_000,
  });
}

export async function endSession(
  db: Db,
  door: Door,
  response: Response,
  session: Session,
): Promise<void> {
  await db.deleteFrom('sessions').where('id', '=', session.id).execute();
  response.clearCookie(door.cookie, { path: door.path });
}

export const csrfMatches = (request: Request, session: Session): boolean =>
  asFields(request.body)?.csrf === session.csrf;
