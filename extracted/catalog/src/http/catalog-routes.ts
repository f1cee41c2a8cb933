import express, { Router } from 'express';
import type { Logger } from 'pino';
import type { Db } from '../db/database.ts';
import type { TokenCheck } from '../identity/token-check.ts';
import { authenticate } from './authenticate.ts';
import { categoryRoutes } from './category-routes.ts';
import { imageRoutes } from './image-routes.ts';
import { openApi } from './openapi.ts';
import { productRoutes } from './product-routes.ts';
import { refuseShadowWrites } from './refuse-shadow-writes.ts';
import { answerErrors, unknownRoute } from './refusal-answers.ts';
import { testStateRoutes } from './test-states.ts';

export function catalogRoutes(parts: {
  db: Db;
  checkToken: TokenCheck;
  logger: Logger;
  testStates: boolean;
}): Router {
  const router = Router();
  router.get('/openapi.json', (_request, response) => void response.json(openApi));
  router.use(refuseShadowWrites);
  router.use(express.json({ limit: '1mb' }));
  router.use(authenticate(parts.checkToken));
  router.use(productRoutes(parts.db), imageRoutes(parts.db), categoryRoutes(parts.db));
  if (parts.testStates) router.use(testStateRoutes(parts.db));
  router.use(unknownRoute);
  router.use(answerErrors(parts.logger));
  return router;
}
