import type { RequestHandler } from 'express';
import { isShadow, sendProblem } from '@strangler-toolkit/service-kit';

/** A mirrored write would be done twice: the owner does it for the client. Until it can be rolled back here, it is refused. */
export const refuseShadowWrites: RequestHandler = (request, response, next) => {
  if (!isShadow(request) || ['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return next();
  sendProblem(response, {
    type: 'about:blank',
    title: 'Shadow writes are not supported',
    status: 501,
  });
};
