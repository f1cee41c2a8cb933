import { hash } from 'node:crypto';
import { bearerAllows } from '@strangler-toolkit/plan';
import express, { type Express, type Request } from 'express';
import { sendProblem } from '../proxy/problem.ts';
import type { Serving } from '../serving/serving.ts';
import { readiness } from './readiness.ts';
import { refreshGauges } from './refresh-gauges.ts';
import { routeList } from './route-list.ts';

export interface AdminOptions {
  readonly serves: () => boolean;
  /** Undefined: whoever reaches the port may ask. */
  readonly token: string | undefined;
}

/** The operators' port. Load balancers and orchestrators need no token: they hear whether it is live and ready, and no more. */
export function adminApp(serving: Serving, { serves, token }: AdminOptions): Express {
  const app = express();
  const allowed = ({ headers }: Request): boolean =>
    bearerAllows(headers.authorization, token, (text) => hash('sha256', text, 'hex'));
  app.disable('x-powered-by');
  app.get('/health/live', (_request, response) => void response.json({ status: 'live' }));
  app.get('/health/ready', (request, response) => {
    const ready = serves();
    const detail = readiness(serving, ready);
    const { status } = detail;
    response.status(ready ? 200 : 503).json(allowed(request) ? detail : { status });
  });
  // services check by it who asks: public keys need no secret
  if (serving.sessions) {
    const all = serving.sessions.flatMap(({ published }) => published);
    // rules may share keys
    const keys = [...new Map(all.map((key) => [key.kid, key])).values()];
    app.get('/.well-known/jwks.json', (_request, response) => {
      response.set('cache-control', 'public, max-age=60').json({ keys });
    });
  }
  app.use((request, response, next) => {
    if (allowed(request)) return next();
    response.setHeader('www-authenticate', 'Bearer realm="strangler-facade"');
    sendProblem(response, {
      status: 401,
      code: 'ADMIN_TOKEN_REQUIRED',
      detail: 'This port tells it to who says: Authorization: Bearer <FACADE_ADMIN_TOKEN>.',
    });
  });
  app.get('/metrics', async (_request, response) => {
    refreshGauges(serving);
    const { registry } = serving.metrics;
    response.type(registry.contentType).send(await registry.metrics());
  });
  app.get('/routes', (_request, response) => void response.json(routeList(serving)));
  return app;
}
