import pino, { type DestinationStream, type Logger } from 'pino';
import { currentRequest } from '../http/request-context.ts';

/** JSON lines on stdout, each with the request's id and trace when it belongs to a request. */
export function createLogger(
  name: string,
  options: { level?: string; destination?: DestinationStream } = {},
): Logger {
  const settings = {
    name,
    level: options.level ?? process.env.LOG_LEVEL ?? 'info',
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['headers.authorization', 'headers.cookie', 'password'],
    mixin: () => {
      const request = currentRequest();
      return request
        ? {
            requestId: request.requestId,
            traceId: request.trace.traceId,
            spanId: request.trace.spanId,
            ...(request.shadow ? { shadow: true } : {}),
          }
        : {};
    },
  };
  // Written at once: a process that ends would overtake its own lines, or lose them.
  return pino(settings, options.destination ?? pino.destination({ dest: 1, sync: true }));
}
