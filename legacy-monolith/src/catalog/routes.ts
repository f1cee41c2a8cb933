import { Router } from 'express';
import type { Db } from '../db/database.ts';
import { asFields, isSignedMoney } from '../http/input.ts';
import { mustBeUser, whoIs } from '../identity/authenticate.ts';
import { categoryRoutes } from './category-routes.ts';
import { pathId } from './path-id.ts';
import { productImageRoutes } from './product-images.ts';
import { invalid, readCategoryIds, readProductInput } from './product-input.ts';
import { listProducts, readListQuery } from './product-list.ts';
import {
  adjustPrice,
  changeProduct,
  createProduct,
  deleteProduct,
  findProduct,
  priceHistory,
} from './product-store.ts';

export function catalogRoutes(db: Db): Router {
  const router = Router();

  router.get('/api/products', async (request, response) => {
    response.json(
      await listProducts(db, readListQuery(request.query), {
        drafts: whoIs(request) !== undefined,
      }),
    );
  });

  router.get('/api/products/:id', async (request, response) => {
    const product = await findProduct(db, pathId(request.params.id), {
      drafts: whoIs(request) !== undefined,
    });
    // Express hashes the body into a weak ETag and answers 304 to a client that has it.
    response.set('cache-control', 'no-cache').json(product);
  });

  router.post('/api/products', async (request, response) => {
    mustBeUser(request);
    const id = await createProduct(
      db,
      readProductInput(request.body, 'create'),
      readCategoryIds(request.body),
    );
    response
      .status(201)
      .location(`/api/products/${id}`)
      .json(await findProduct(db, id, { drafts: true }));
  });

  router.patch('/api/products/:id', async (request, response) => {
    mustBeUser(request);
    const id = pathId(request.params.id);
    await changeProduct(db, id, readProductInput(request.body, 'change'));
    response.json(await findProduct(db, id, { drafts: true }));
  });

  router.delete('/api/products/:id', async (request, response) => {
    mustBeUser(request);
    await deleteProduct(db, pathId(request.params.id));
    response.status(204).end();
  });

  router.post('/api/products/:id/adjust-price', async (request, response) => {
    mustBeUser(request);
    const id = pathId(request.params.id);
    const delta = asFields(request.body)?.delta;
    if (!isSignedMoney(delta))
      throw invalid([{ field: 'delta', message: 'must be a string like "0.01" or "-5.00"' }]);
    response.json(await adjustPrice(db, id, delta));
  });

  router.get('/api/products/:id/price-history', async (request, response) => {
    response.json(await priceHistory(db, pathId(request.params.id)));
  });

  router.use(productImageRoutes(db));
  router.use(categoryRoutes(db));
  return router;
}
