import { Router } from 'express';
import type { Db } from '../db/database.ts';
import { HttpError, sqlState } from '../http/http-error.ts';
import { asFields } from '../http/input.ts';
import { mustBeUser } from '../identity/authenticate.ts';
import {
  categoryNotFound,
  categoryTree,
  changeCategory,
  createCategory,
  findCategory,
  readCategoryInput,
} from './category-store.ts';
import { pathId } from './path-id.ts';
import { invalid } from './product-input.ts';
import { mustExist } from './product-store.ts';

export function categoryRoutes(db: Db): Router {
  const router = Router();

  router.get('/api/categories', async (_request, response) => {
    response.json(await categoryTree(db));
  });

  router.get('/api/categories/:id', async (request, response) => {
    response.json(await findCategory(db, pathId(request.params.id)));
  });

  router.post('/api/categories', async (request, response) => {
    mustBeUser(request);
    const id = await createCategory(db, readCategoryInput(request.body, 'create'));
    response
      .status(201)
      .location(`/api/categories/${id}`)
      .json(await findCategory(db, id));
  });

  router.patch('/api/categories/:id', async (request, response) => {
    mustBeUser(request);
    const id = pathId(request.params.id);
    await changeCategory(db, id, readCategoryInput(request.body, 'change'));
    response.json(await findCategory(db, id));
  });

  router.put('/api/products/:id/categories/:categoryId', async (request, response) => {
    mustBeUser(request);
    const [id, categoryId] = [pathId(request.params.id), pathId(request.params.categoryId)];
    const position = asFields(request.body)?.position ?? 0;
    if (typeof position !== 'number' || !Number.isInteger(position) || Math.abs(position) > 10_000)
      throw invalid([{ field: 'position', message: 'must be a whole number' }]);
    await mustExist(db, id);
    try {
      await db
        .insertInto('product_categories')
        .values({ product_id: id, category_id: categoryId, position })
        .onConflict((conflict) =>
          conflict.columns(['product_id', 'category_id']).doUpdateSet({ position }),
        )
        .execute();
    } catch (error) {
      throw sqlState(error) === '23503' ? categoryNotFound() : error;
    }
    response.json({ product_id: id, category_id: categoryId, position });
  });

  router.delete('/api/products/:id/categories/:categoryId', async (request, response) => {
    mustBeUser(request);
    const result = await db
      .deleteFrom('product_categories')
      .where('product_id', '=', pathId(request.params.id))
      .where('category_id', '=', pathId(request.params.categoryId))
      .executeTakeFirst();
    if (result.numDeletedRows === 0n) throw new HttpError(404, { error: 'assignment not found' });
    response.status(204).end();
  });

  return router;
}
