import type { Request, RequestHandler } from 'express';
import { Refusal } from '../domain/refusal.ts';
import type { TokenCheck } from '../identity/token-check.ts';

const users = new WeakSet<Request>();

/** A token that is wrong is refused also where none is needed: clients depend on it. */
export const authenticate =
  (check: TokenCheck): RequestHandler =>
  async (request, _response, next) => {
    const header = request.headers.authorization;
    if (header === undefined) return next();
    const token = /^Bearer (\S+)$/i.exec(header)?.[1];
    const verdict = token === undefined ? 'unknown' : await check(token);
    if (verdict === 'unknown') throw new Refusal({ kind: 'unauthorized' });
    if (verdict === 'unreachable') throw new Refusal({ kind: 'identity-unknown' });
    users.add(request);
    next();
  };

export const isUser = (request: Request): boolean => users.has(request);

export const requireUser: RequestHandler = (request, _response, next) => {
  if (!isUser(request)) throw new Refusal({ kind: 'unauthorized' });
  next();
};
