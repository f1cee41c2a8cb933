import express, { type Express } from 'express';
import type { Serving } from '../serving/serving.ts';
import { readiness } from './readiness.ts';
import { refreshGauges } from './refresh-gauges.ts';
import { routeList } from './route-list.ts';

/** The operators' port. */
export function adminApp(serving: Serving, serves: () => boolean): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/health/live', (_request, response) => void response.json({ status: 'live' }));
  app.get('/health/ready', (_request, response) => {
    const ready = serves();
    response.status(ready ? 200 : 503).json(readiness(serving, ready));
  });
  app.get('/metrics', async (_request, response) => {
    refreshGauges(serving);
    const { registry } = serving.metrics;
    response.type(registry.contentType).send(await registry.metrics());
  });
  app.get('/routes', (_request, response) => void response.json(routeList(serving)));
  return app;
}
