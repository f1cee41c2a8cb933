import express, { type Express } from 'express';
import type pg from 'pg';
import { backOfficeRoutes } from './back-office/routes.ts';
import { catalogRoutes } from './catalog/routes.ts';
import { testStateRoutes } from './catalog/test-states.ts';
import type { Db } from './db/database.ts';
import type { LiveFeed } from './db/live-feed.ts';
import { errorHandler, notFound, type ErrorLog } from './http/error-handler.ts';
import { metaRoutes } from './http/meta-routes.ts';
import { addressRoutes } from './identity/address-routes.ts';
import { authenticate } from './identity/authenticate.ts';
import { identityRoutes } from './identity/routes.ts';
import { inventoryRoutes } from './inventory/routes.ts';
import { notificationRoutes } from './notifications/routes.ts';
import { openApi } from './openapi.ts';
import { cartRoutes } from './orders/cart-routes.ts';
import { orderRoutes } from './orders/routes.ts';
import { paymentRoutes } from './payments/routes.ts';
import { reportRoutes } from './reports/routes.ts';
import { shippingRoutes } from './shipping/routes.ts';
import type { PagesOptions } from './storefront/ask-shop.ts';
import { storefrontRoutes } from './storefront/routes.ts';

export interface AppOptions {
  readonly db: Db;
  readonly pool: pg.Pool;
  readonly live: LiveFeed;
  readonly log?: ErrorLog | undefined;
  /** Mounts POST /_test/states, for contract verification only. */
  readonly testStates?: boolean;
  /** Commit or image digest, told by GET /version. */
  readonly build?: string | undefined;
  readonly pages?: PagesOptions | undefined;
}

export function createApp({
  db,
  pool,
  live,
  log = () => {},
  testStates = false,
  build,
  pages = {},
}: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(metaRoutes(db, openApi, build));
  app.use(backOfficeRoutes(db));
  app.use(storefrontRoutes({ db, live, log, pages }));
  app.use(express.json({ limit: '1mb' }));
  app.use(authenticate(db));
  app.use(identityRoutes(db));
  app.use(addressRoutes(db));
  app.use(catalogRoutes(db));
  app.use(inventoryRoutes(db));
  app.use(cartRoutes(db));
  app.use(orderRoutes(db, live));
  app.use(paymentRoutes(db));
  app.use(shippingRoutes(db));
  app.use(notificationRoutes(db));
  app.use(reportRoutes(db, pool));
  if (testStates) app.use(testStateRoutes(db));
  app.use(notFound);
  app.use(errorHandler(log));
  return app;
}
