import { Router } from 'express';
import type { Db } from '../db/database.ts';
import { readPriceChanges, readProduct } from '../db/product-reads.ts';
import { searchProducts } from '../db/product-search.ts';
import { adjustAmount, changeProduct, createProduct, removeProduct } from '../db/product-writes.ts';
import { priceHistory, productDetail, productSummary } from './answers.ts';
import { isUser, requireUser } from './authenticate.ts';
import { readCategoryIds, readDelta, readNewProduct, readProductChange } from './product-input.ts';
import { readProductQuery } from './product-query.ts';
import { pathId } from './read-fields.ts';

export function productRoutes(db: Db): Router {
  const router = Router();

  router.get('/api/products', async (request, response) => {
    const query = readProductQuery(request.query);
    const { items, total } = await searchProducts(db, query, { unpublished: isUser(request) });
    response.json({
      items: items.map(productSummary),
      total,
      page: query.page,
      per_page: query.perPage,
    });
  });

  router.get('/api/products/:id', async (request, response) => {
    const product = await readProduct(db, pathId(request.params.id), {
      unpublished: isUser(request),
    });
    response.set('cache-control', 'no-cache').json(productDetail(product));
  });

  router.post('/api/products', requireUser, async (request, response) => {
    const id = await createProduct(db, readNewProduct(request.body), readCategoryIds(request.body));
    response
      .status(201)
      .location(`/api/products/${id}`)
      .json(productDetail(await readProduct(db, id, { unpublished: true })));
  });

  router.patch('/api/products/:id', requireUser, async (request, response) => {
    const id = pathId(request.params.id);
    await changeProduct(db, id, readProductChange(request.body));
    response.json(productDetail(await readProduct(db, id, { unpublished: true })));
  });

  router.delete('/api/products/:id', requireUser, async (request, response) => {
    await removeProduct(db, pathId(request.params.id));
    response.status(204).end();
  });

  router.post('/api/products/:id/adjust-price', requireUser, async (request, response) => {
    const { id, amount, currencyCode } = await adjustAmount(
      db,
      pathId(request.params.id),
      readDelta(request.body),
    );
    response.json({ id, price: amount, currency: currencyCode });
  });

  router.get('/api/products/:id/price-history', async (request, response) => {
    const id = pathId(request.params.id);
    response.json(priceHistory(id, await readPriceChanges(db, id)));
  });

  return router;
}
