import { Router } from 'express';
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { HttpError } from '../http/http-error.ts';
import { asFields, isText, wholeNumber } from '../http/input.ts';
import { mustBeUser } from './authenticate.ts';

const FIELDS = ['id', 'recipient', 'street', 'postal_code', 'city', 'country'] as const;

export function addressRoutes(db: Db): Router {
  const router = Router();

  router.get('/api/me/addresses', async (request, response) => {
    const { userId } = mustBeUser(request);
    response.json(
      await db
        .selectFrom('addresses')
        .select(FIELDS)
        .where('user_id', '=', userId)
        .where('deleted_at', 'is', null)
        .orderBy('id')
        .execute(),
    );
  });

  router.post('/api/me/addresses', async (request, response) => {
    const { userId } = mustBeUser(request);
    const {
      recipient,
      street,
      postal_code: postalCode,
      city,
      country,
    } = asFields(request.body) ?? {};
    if (
      !isText(recipient, 200) ||
      !isText(street, 200) ||
      !isText(postalCode, 20) ||
      !isText(city, 100) ||
      !isText(country, 2) ||
      !/^[A-Z]{2}$/.test(country)
    ) {
      throw new HttpError(400, {
        error: 'invalid_request',
        message: 'recipient, street, postal_code, city and country are needed',
      });
    }
    const address = await db
      .insertInto('addresses')
      .values({ user_id: userId, recipient, street, postal_code: postalCode, city, country })
      .returning(FIELDS)
      .executeTakeFirstOrThrow();
    response.status(201).json(address);
  });

  router.delete('/api/me/addresses/:id', async (request, response) => {
    const { userId } = mustBeUser(request);
    const id = wholeNumber(request.params.id, 1, 999_999, 0);
    const result = await db
      .updateTable('addresses')
      .set({ deleted_at: sql`now()` })
      .where('id', '=', id ?? 0)
      .where('user_id', '=', userId)
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
    if (result.numUpdatedRows === 0n)
      throw new HttpError(404, { error: 'not_found', message: 'no such address' });
    response.status(204).end();
  });

  return router;
}
