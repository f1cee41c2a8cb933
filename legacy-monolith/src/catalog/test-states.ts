import { createHash, randomUUID } from 'node:crypto';
import { Router } from 'express';
import type { Db } from '../db/database.ts';
import { HttpError } from '../http/http-error.ts';
import { asFields, isMoney, parseId, type Fields } from '../http/input.ts';

const filled = {
  description: 'A product that a contract asked for.',
  tags: ['new'],
  attributes: JSON.stringify({ colour: 'green' }),
  weight: '1.250',
  external_ref: '7f3e0c52-64c5-4f8e-a1c9-0d6f7c1b2a10',
  released_on: '2024-02-29',
};
const onePixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

const newProduct = (db: Db, params: Fields) =>
  db
    .insertInto('products')
    .values({
      sku: typeof params.sku === 'string' ? params.sku : `STATE-${randomUUID()}`,
      name: typeof params.name === 'string' ? params.name : 'Quiet oak lamp',
      price: isMoney(params.price) ? params.price : '19.90',
      ...(params.bare === true ? { currency: null } : filled),
      ...(params.draft === true && { status: 'draft' as const }),
    })
    .returning(['id', 'sku'])
    .executeTakeFirstOrThrow();

/** A state with a fixed sku is entered again and again. */
async function productWith(db: Db, params: Fields): Promise<{ id: string; sku: string }> {
  const known =
    typeof params.sku === 'string' &&
    (await db
      .updateTable('products')
      .set({ deleted_at: null, status: 'active' })
      .where('sku', '=', params.sku)
      .returning(['id', 'sku'])
      .executeTakeFirst());
  return known || newProduct(db, params);
}

async function categoryWith(db: Db, slug: string): Promise<string> {
  const { id } = await db
    .insertInto('categories')
    .values({ slug, name: 'Lamps', position: 3 })
    .onConflict((same) => same.column('slug').doUpdateSet({ name: 'Lamps', position: 3 }))
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

async function imageOf(db: Db, productId: string): Promise<string> {
  const { id } = await db
    .insertInto('product_images')
    .values({
      product_id: productId,
      filename: 'lamp.png',
      content_type: 'image/png',
      content: onePixel,
      sha256: createHash('sha256').update(onePixel).digest(),
      alt_text: 'a lamp',
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Provider states for contract verification. Mounted only on request: they write what they like. */
export function testStateRoutes(db: Db): Router {
  const router = Router();
  router.post('/_test/states', async (request, response) => {
    const body = asFields(request.body) ?? {};
    const params = asFields(body.params) ?? {};
    if (body.action === 'teardown') return void response.json({});
    const self = `http://127.0.0.1:${request.socket.localPort}`;
    response.json(await enter(db, String(body.state), params, self));
  });
  return router;
}

/** What a client keeps of a product: it was here before. */
const etagOf = async (url: string): Promise<string | null> =>
  (await fetch(url)).headers.get('etag');

async function enter(db: Db, state: string, params: Fields, self: string): Promise<object> {
  switch (state) {
    case 'a product exists':
      return productWith(db, params);
    case 'a product that the client has seen exists': {
      const product = await productWith(db, params);
      return { ...product, etag: await etagOf(`${self}/api/products/${product.id}`) };
    }
    case 'a product with an image exists': {
      const { id } = await productWith(db, params);
      return { id, imageId: await imageOf(db, id) };
    }
    case 'a category exists':
      return { categoryId: await categoryWith(db, String(params.slug)) };
    case 'a product in a category exists': {
      const { id } = await productWith(db, params);
      const categoryId = await categoryWith(db, String(params.slug));
      await db
        .insertInto('product_categories')
        .values({ product_id: id, category_id: categoryId })
        .onConflict((same) => same.doNothing())
        .execute();
      return { id, categoryId };
    }
    case 'a product was renamed': {
      const product = await newProduct(db, params);
      await db
        .updateTable('products')
        .set({ name: 'Loud steel lamp' })
        .where('id', '=', product.id)
        .execute();
      return product;
    }
    case 'no product with sku':
      await db
        .updateTable('products')
        .set({ sku: `FREED-${randomUUID()}` })
        .where('sku', '=', String(params.sku))
        .execute();
      return {};
    case 'no category with slug':
      await db
        .updateTable('categories')
        .set({ slug: `freed-${randomUUID()}` })
        .where('slug', '=', String(params.slug))
        .execute();
      return {};
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
      if (Array.isArray(params.names)) {
        for (const name of params.names) await newProduct(db, { name });
        return {};
      }
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
