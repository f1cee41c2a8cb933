import { randomBytes } from 'node:crypto';
import { Router } from 'express';
import type { Db } from '../db/database.ts';
import { HttpError, sqlState } from '../http/http-error.ts';
import { asFields, isText, wholeNumber } from '../http/input.ts';
import { audit } from './audit.ts';
import { hashToken, mustBeStaff, mustBeUser } from './authenticate.ts';
import { findByPassword } from './login.ts';
import { hashPassword } from './password.ts';

const refuse = (message: string): HttpError =>
  new HttpError(400, { error: 'invalid_request', message });
const PROFILE = [
  'id',
  'email',
  'full_name',
  'role',
  'locale',
  'birth_date',
  'preferences',
  'created_at',
] as const;

async function profile(db: Db, id: number) {
  const user = await db
    .selectFrom('users')
    .select(PROFILE)
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return {
    id: user.id,
    email: user.email,
    fullName: user.full_name,
    role: user.role,
    locale: user.locale ?? null,
    birth_date: user.birth_date,
    preferences: user.preferences,
    createdAt: user.created_at.toISOString(),
  };
}

export function identityRoutes(db: Db): Router {
  const router = Router();

  router.post('/api/users', async (request, response) => {
    const { email, password, fullName } = asFields(request.body) ?? {};
    if (!isText(email, 200) || !/^[^@\s]+@[^@\s]+$/.test(email))
      throw refuse('email is not an address');
    if (!isText(password, 200) || password.length < 8)
      throw refuse('password needs at least 8 characters');
    if (!isText(fullName, 200)) throw refuse('fullName is missing');
    try {
      const { id } = await db
        .insertInto('users')
        .values({ email, full_name: fullName, password_hash: await hashPassword(password) })
        .returning('id')
        .executeTakeFirstOrThrow();
      await db
        .insertInto('payment_methods')
        .values({ user_id: id, kind: 'invoice', label: 'Invoice', token: `inv_${id}` })
        .execute();
      response.status(201).json(await profile(db, id));
    } catch (error) {
      throw sqlState(error) === '23505'
        ? new HttpError(409, { error: 'email_taken', message: 'this email has an account' })
        : error;
    }
  });

  router.post('/api/login', async (request, response) => {
    const { email, password } = asFields(request.body) ?? {};
    const user = await findByPassword(db, email, password);
    if (!user)
      throw new HttpError(401, {
        error: 'invalid_credentials',
        message: 'email or password is wrong',
      });
    const token = randomBytes(24).toString('base64url');
    const expires = new Date(Date.now() + 30 * 86_400_000);
    await db
      .insertInto('api_tokens')
      .values({
        token_hash: hashToken(token),
        user_id: user.id,
        label: 'login',
        expires_at: expires,
      })
      .execute();
    await audit(db, user.id, 'login');
    response.json({ access_token: token, tokenType: 'Bearer', expires_at: expires.toISOString() });
  });

  router.post('/api/logout', async (request, response) => {
    mustBeUser(request);
    const token = request.headers.authorization?.split(' ')[1] ?? '';
    await db
      .updateTable('api_tokens')
      .set({ expires_at: new Date() })
      .where('token_hash', '=', hashToken(token))
      .execute();
    response.status(204).end();
  });

  router.get('/api/me', async (request, response) => {
    response.json(await profile(db, mustBeUser(request).userId));
  });

  router.patch('/api/me', async (request, response) => {
    const { userId } = mustBeUser(request);
    const { fullName, locale, preferences } = asFields(request.body) ?? {};
    if (fullName !== undefined && !isText(fullName, 200)) throw refuse('fullName is empty');
    if (locale !== undefined && locale !== null && locale !== 'en' && locale !== 'de')
      throw refuse('locale is unknown');
    if (preferences !== undefined && !asFields(preferences))
      throw refuse('preferences must be an object');
    const changes = {
      ...(fullName === undefined ? {} : { full_name: fullName }),
      ...(locale === undefined ? {} : { locale }),
      ...(preferences === undefined ? {} : { preferences: JSON.stringify(preferences) }),
    };
    if (Object.keys(changes).length > 0)
      await db.updateTable('users').set(changes).where('id', '=', userId).execute();
    response.json(await profile(db, userId));
  });

  router.get('/api/users', async (request, response) => {
    mustBeStaff(request);
    const page = wholeNumber(request.query.page, 1, 100_000, 1);
    if (page === undefined) throw refuse('page is not a number');
    const users = await db
      .selectFrom('users')
      .select(['id', 'email', 'full_name', 'role'])
      .where('deleted_at', 'is', null)
      .orderBy('id')
      .limit(50)
      .offset((page - 1) * 50)
      .execute();
    response.json({ users, page });
  });

  return router;
}
