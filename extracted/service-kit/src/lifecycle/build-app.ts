import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Checks } from '../health/checks.ts';
import { healthRoutes } from '../health/health-routes.ts';
import { notFoundProblem, problemHandler } from '../http/problem.ts';
import { requestContext } from '../http/request-context.ts';
import { measureRequests, type Metrics } from '../telemetry/metrics.ts';
import { logRequests } from '../telemetry/request-log.ts';

export interface AppParts {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly checks: Checks;
  readonly stopping: () => boolean;
  readonly revision?: string;
  readonly routes: RequestHandler;
}

/** Operators' routes, then the service's own, then the one place where problems become answers. */
export function buildApp(parts: AppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(healthRoutes(parts));
  app.get('/metrics', async (_request, response) => {
    const text = await parts.metrics.registry.metrics();
    response.set('content-type', parts.metrics.registry.contentType).send(text);
  });
  app.use(requestContext(), measureRequests(parts.metrics), logRequests(parts.logger));
  app.use((_request, response, next) => {
    // Tells keep-alive clients to come back over a connection to somebody else.
    if (parts.stopping()) response.setHeader('connection', 'close');
    next();
  });
  app.use(parts.routes);
  app.use(notFoundProblem());
  app.use(problemHandler(parts.logger));
  return app;
}
