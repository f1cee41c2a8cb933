import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { routeLabel } from './route-label.ts';

/** One line per answered request; no query, no headers, no bodies: they may be personal data. */
export function logRequests(logger: Logger): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    response.once('close', () => {
      const line = {
        method: request.method,
        route: routeLabel(request),
        status: response.statusCode,
        ms: Math.round((performance.now() - started) * 10) / 10,
      };
      if (!response.writableFinished) logger.warn(line, 'client went away');
      else logger.info(line, 'request');
    });
    next();
  };
}
