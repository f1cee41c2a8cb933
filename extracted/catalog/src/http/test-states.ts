import { randomUUID } from 'node:crypto';
import { Router } from 'express';
import { sql } from 'kysely';
import { assignCategory } from '../db/category-store.ts';
import type { Db } from '../db/database.ts';
import { addImage } from '../db/image-store.ts';
import { changeProduct, createProduct, removeProduct } from '../db/product-writes.ts';
import { moneyPattern } from './product-input.ts';
import { isFields, readId } from './read-fields.ts';

type Parameters = Readonly<Record<string, unknown>>;

/** Provider states for contract verification, as the monolith has them. Mounted only on request: they write what they like. */
export function testStateRoutes(db: Db): Router {
  const router = Router();
  router.post('/_test/states', async (request, response) => {
    const body = isFields(request.body) ? request.body : {};
    if (body.action === 'teardown') return void response.json({});
    const self = `http://127.0.0.1:${request.socket.localPort}`;
    const params = isFields(body.params) ? body.params : {};
    const made = await enter(db, String(body.state), params, self);
    if (made) response.json(made);
    else response.status(400).json({ error: `unknown state: ${String(body.state)}` });
  });
  return router;
}

/** What a client keeps of a product: it was here before. */
const etagOf = async (url: string): Promise<string | null> =>
  (await fetch(url)).headers.get('etag');

async function enter(
  db: Db,
  state: string,
  params: Parameters,
  self: string,
): Promise<object | undefined> {
  switch (state) {
    case 'a product exists':
      return productWith(db, params);
    case 'a product that the client has seen exists': {
      const product = await productWith(db, params);
      return { ...product, etag: await etagOf(`${self}/api/products/${product.id}`) };
    }
    case 'a product with an image exists': {
      const { id } = await productWith(db, params);
      const image = await addImage(db, { ...onePixel, productId: id });
      return { id, imageId: image.id };
    }
    case 'a category exists':
      return { categoryId: await categoryWith(db, String(params.slug)) };
    case 'a product in a category exists': {
      const { id } = await productWith(db, params);
      const categoryId = await categoryWith(db, String(params.slug));
      await assignCategory(db, id, categoryId, 0);
      return { id, categoryId };
    }
    case 'a product was renamed': {
      const product = await newProduct(db, params);
      await changeProduct(db, product.id, { title: 'Loud steel lamp' });
      return product;
    }
    case 'a product was removed': {
      const product = await newProduct(db, params);
      await removeProduct(db, product.id);
      return product;
    }
    case 'no product with sku':
      await db
        .updateTable('product')
        .set({ sku: `FREED-${randomUUID()}` })
        .where('sku', '=', String(params.sku))
        .execute();
      return {};
    case 'no category with slug':
      await db
        .updateTable('category')
        .set({ slug: `freed-${randomUUID()}` })
        .where('slug', '=', String(params.slug))
        .execute();
      return {};
    case 'no product with id': {
      const id = readId(params.id) ?? '9223372036854775807';
      await db
        .updateTable('product')
        .set({ removed: sql<Date>`now()` })
        .where('product_id', '=', id)
        .where('removed', 'is', null)
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
      return undefined;
  }
}

const onePixel = {
  fileName: 'lamp.png',
  mediaType: 'image/png',
  bytes: Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
  alternativeText: 'a lamp',
};

interface StateProduct {
  readonly id: string;
  readonly sku: string;
}

const productWith = async (db: Db, params: Parameters): Promise<StateProduct> =>
  (typeof params.sku === 'string' && (await revive(db, params.sku))) || newProduct(db, params);

/** A state with a fixed sku is entered again and again. */
const revive = (db: Db, sku: string) =>
  db
    .updateTable('product')
    .set({ removed: null, state: 'on_sale' })
    .where('sku', '=', sku)
    .returning(['product_id as id', 'sku'])
    .executeTakeFirst();

async function categoryWith(db: Db, slug: string): Promise<string> {
  const { id } = await db
    .insertInto('category')
    .values({ slug, label: 'Lamps', sort_order: 3 })
    .onConflict((same) => same.column('slug').doUpdateSet({ label: 'Lamps', sort_order: 3 }))
    .returning('category_id as id')
    .executeTakeFirstOrThrow();
  return id;
}

const filled = {
  body: 'A product that a contract asked for.',
  labels: ['new'],
  specs: { colour: 'green' },
  weightKg: '1.250',
  erpReference: '7f3e0c52-64c5-4f8e-a1c9-0d6f7c1b2a10',
  availableFrom: '2024-02-29',
};

async function newProduct(db: Db, params: Parameters): Promise<StateProduct> {
  const sku = typeof params.sku === 'string' ? params.sku : `STATE-${randomUUID()}`;
  const id = await createProduct(
    db,
    {
      sku,
      title: typeof params.name === 'string' ? params.name : 'Quiet oak lamp',
      amount:
        typeof params.price === 'string' && moneyPattern.test(params.price)
          ? params.price
          : '19.90',
      ...(params.bare === true ? { currencyCode: null } : filled),
      ...(params.draft === true && { state: 'unpublished' as const }),
    },
    [],
  );
  return { id, sku };
}
