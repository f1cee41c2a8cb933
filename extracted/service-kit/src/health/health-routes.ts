import { Router } from 'express';
import { runChecks, type Checks } from './checks.ts';

/**
 * Live: the process answers; a failing database is no reason to restart it. Ready: it can serve, so the checks count,
 * and a service that is stopping says no before it stops taking connections.
 */
export function healthRoutes(options: {
  checks: Checks;
  stopping: () => boolean;
  /** Of the build that runs. */
  revision?: string;
  timeoutMs?: number;
}): Router {
  const router = Router();
  router.get('/health/live', (_request, response) => {
    response.set('cache-control', 'no-store').json({ status: 'ok' });
  });
  router.get('/health/ready', async (_request, response) => {
    response.set('cache-control', 'no-store');
    if (options.stopping()) {
      response.status(503).json({ status: 'stopping', checks: {} });
      return;
    }
    const { ok, checks } = await runChecks(options.checks, options.timeoutMs);
    response.status(ok ? 200 : 503).json({ status: ok ? 'ok' : 'failing', checks });
  });
  router.get('/version', (_request, response) => {
    response.set('cache-control', 'no-store').json({ revision: options.revision ?? 'unknown' });
  });
  return router;
}
