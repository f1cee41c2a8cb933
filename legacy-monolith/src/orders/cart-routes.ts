import { Router } from 'express';
import type { Db } from '../db/database.ts';
import { asFields } from '../http/input.ts';
import { mustBeUser } from '../identity/authenticate.ts';
import { cartOf, putIntoCart, takeOutOfCart } from './cart.ts';

export function cartRoutes(db: Db): Router {
  const router = Router();

  router.get('/api/cart', async (request, response) => {
    response.json(await cartOf(db, mustBeUser(request).userId));
  });

  router.put('/api/cart/items/:productId', async (request, response) => {
    const { userId } = mustBeUser(request);
    const { productId } = request.params;
    await putIntoCart(db, userId, { productId, quantity: asFields(request.body)?.quantity });
    response.json(await cartOf(db, userId));
  });

  router.delete('/api/cart/items/:productId', async (request, response) => {
    const { userId } = mustBeUser(request);
    await takeOutOfCart(db, userId, request.params.productId);
    response.json(await cartOf(db, userId));
  });

  return router;
}
