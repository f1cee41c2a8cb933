import { Router } from 'express';
import {
  assignCategory,
  changeCategory,
  createCategory,
  listCategories,
  readCategory,
  unassignCategory,
} from '../db/category-store.ts';
import type { Db } from '../db/database.ts';
import { requireProduct } from '../db/product-reads.ts';
import { categoryTree } from '../domain/category.ts';
import { categoryDetail, treeAnswer } from './answers.ts';
import { requireUser } from './authenticate.ts';
import { readCategoryChange, readNewCategory, readSortOrder } from './category-input.ts';
import { pathId } from './read-fields.ts';

export function categoryRoutes(db: Db): Router {
  const router = Router();

  router.get('/api/categories', async (_request, response) => {
    response.json(categoryTree(await listCategories(db)).map(treeAnswer));
  });

  router.get('/api/categories/:id', async (request, response) => {
    response.json(categoryDetail(await readCategory(db, pathId(request.params.id))));
  });

  router.post('/api/categories', requireUser, async (request, response) => {
    const id = await createCategory(db, readNewCategory(request.body));
    response
      .status(201)
      .location(`/api/categories/${id}`)
      .json(categoryDetail(await readCategory(db, id)));
  });

  router.patch('/api/categories/:id', requireUser, async (request, response) => {
    const id = pathId(request.params.id);
    await changeCategory(db, id, readCategoryChange(request.body));
    response.json(categoryDetail(await readCategory(db, id)));
  });

  router.put('/api/products/:id/categories/:categoryId', requireUser, async (request, response) => {
    const [productId, categoryId] = [pathId(request.params.id), pathId(request.params.categoryId)];
    const sortOrder = readSortOrder(request.body);
    await requireProduct(db, productId);
    await assignCategory(db, productId, categoryId, sortOrder);
    response.json({ product_id: productId, category_id: categoryId, position: sortOrder });
  });

  router.delete(
    '/api/products/:id/categories/:categoryId',
    requireUser,
    async (request, response) => {
      await unassignCategory(db, pathId(request.params.id), pathId(request.params.categoryId));
      response.status(204).end();
    },
  );

  return router;
}
