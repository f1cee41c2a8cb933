import { randomUUID } from 'node:crypto';
import { Router } from 'express';
import type { Db } from '../db/database.ts';
import { HttpError } from '../http/http-error.ts';
import { asFields, isMoney, parseId, type Fields } from '../http/input.ts';

const newProduct = (db: Db, params: Fields) =>
  db
    .insertInto('products')
    .values({
      sku: typeof params.sku === 'string' ? params.sku : `STATE-${randomUUID()}`,
      name: typeof params.name === 'string' ? params.name : 'Quiet oak lamp',
      price: isMoney(params.price) ? params.price : '19.90',
      description: 'A product that a contract asked for.',
      tags: ['new'],
      attributes: JSON.stringify({ colour: 'green' }),
      weight: '1.250',
      external_ref: '7f3e0c52-64c5-4f8e-a1c9-0d6f7c1b2a10',
      released_on: '2024-02-29',
    })
    .returning(['id', 'sku'])
    .executeTakeFirstOrThrow();

/** Provider states for contract verification. Mounted only on request: they write what they like. */
export function testStateRoutes(db: Db): Router {
  const router = Router();
  router.post('/_test/states', async (request, response) => {
    const body = asFields(request.body) ?? {};
    const params = asFields(body.params) ?? {};
    if (body.action === 'teardown') return void response.json({});
    response.json(await enter(db, String(body.state), params));
  });
  return router;
}

async function enter(db: Db, state: string, params: Fields): Promise<object> {
  switch (state) {
    case 'a product exists': {
      // A state with a fixed sku is entered again and again.
      if (typeof params.sku === 'string') {
        const known = await db
          .updateTable('products')
          .set({ deleted_at: null, status: 'active' })
          .where('sku', '=', params.sku)
          .returning(['id', 'sku'])
          .executeTakeFirst();
        if (known) return known;
      }
      return newProduct(db, params);
    }
    case 'no product with id': {
      const id = parseId(params.id) ?? '9223372036854775807';
      await db
        .updateTable('products')
        .set({ deleted_at: new Date() })
        .where('id', '=', id)
        .where('deleted_at', 'is', null)
        .execute();
      return { id };
    }
    case 'products exist': {
      const count =
        typeof params.count === 'number' && params.count > 0 && params.count <= 100
          ? params.count
          : 3;
      for (let index = 0; index < count; index++) await newProduct(db, {});
      return { count };
    }
    default:
      throw new HttpError(400, { error: `unknown state: ${state}` });
  }
}
