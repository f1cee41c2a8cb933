import express, { type Express } from 'express';
import { catalogRoutes } from './catalog/routes.ts';
import { testStateRoutes } from './catalog/test-states.ts';
import type { Db } from './db/database.ts';
import { errorHandler, notFound, type ErrorLog } from './http/error-handler.ts';
import { authenticate } from './identity/authenticate.ts';
import { quoteRoutes } from './shipping/quote-routes.ts';

export interface AppOptions {
  readonly db: Db;
  readonly log?: ErrorLog;
  /** Mounts POST /_test/states, for contract verification only. */
  readonly testStates?: boolean;
}

export function createApp({ db, log = () => {}, testStates = false }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json({ limit: '1mb' }));
  app.use(authenticate(db));
  app.use(catalogRoutes(db));
  app.use(quoteRoutes());
  if (testStates) app.use(testStateRoutes(db));
  app.use(notFound);
  app.use(errorHandler(log));
  return app;
}
