import { createHash } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Db } from '../db/database.ts';
import type { Role } from '../db/schema.ts';
import { forbidden, unauthorized } from '../http/http-error.ts';

export interface Identity {
  readonly userId: number;
  readonly role: Role;
}

const identities = new WeakMap<Request, Identity>();

export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Knows who sent the bearer token. A token that is wrong is refused also where none is needed. */
export const authenticate =
  (db: Db): RequestHandler =>
  async (request, _response, next) => {
    const header = request.headers.authorization;
    if (header === undefined) return next();
    const token = /^Bearer (\S+)$/i.exec(header)?.[1];
    const user = token === undefined ? undefined : await findUser(db, token);
    if (!user) throw unauthorized();
    identities.set(request, user);
    next();
  };

export async function findUser(db: Db, token: string): Promise<Identity | undefined> {
  const row = await db
    .selectFrom('api_tokens')
    .innerJoin('users', 'users.id', 'api_tokens.user_id')
    .select(['users.id', 'users.role'])
    .where('token_hash', '=', hashToken(token))
    .where('users.deleted_at', 'is', null)
    .where((where) =>
      where.or([where('expires_at', 'is', null), where('expires_at', '>', new Date())]),
    )
    .executeTakeFirst();
  return row && { userId: row.id, role: row.role };
}

export const whoIs = (request: Request): Identity | undefined => identities.get(request);

export function mustBeUser(request: Request): Identity {
  const identity = identities.get(request);
  if (!identity) throw unauthorized();
  return identity;
}

export function mustBeStaff(request: Request): Identity {
  const identity = mustBeUser(request);
  if (identity.role === 'customer') throw forbidden();
  return identity;
}
