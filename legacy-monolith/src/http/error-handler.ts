import type { ErrorRequestHandler, RequestHandler } from 'express';
import multer from 'multer';
import { HttpError, sqlState } from './http-error.ts';

// Connection failures, too many connections, shutdown, statement timeout: the client may try again.
const UNAVAILABLE = /^(08|53|57P)|^(ECONNREFUSED|ECONNRESET|EPIPE)$/;

export type ErrorLog = (entry: {
  msg: string;
  method: string;
  path: string;
  error: string;
  code?: string | undefined;
}) => void;

export const notFound: RequestHandler = (request, response) => {
  response.status(404).json({ error: 'not found', path: request.path });
};

export const errorHandler =
  (log: ErrorLog): ErrorRequestHandler =>
  (error: unknown, request, response, _next) => {
    // Half an answer must not look like a whole one.
    if (response.headersSent) return void request.socket.destroy();
    if (error instanceof HttpError) return void response.status(error.status).json(error.body);
    if (error instanceof multer.MulterError)
      return void response
        .status(error.code === 'LIMIT_FILE_SIZE' ? 413 : 400)
        .json({ error: error.message });
    if (
      error instanceof Error &&
      'status' in error &&
      typeof error.status === 'number' &&
      error.status >= 400 &&
      error.status < 500
    ) {
      return void response
        .status(error.status)
        .json({ error: 'bad request', message: error.message });
    }
    const code = sqlState(error);
    log({
      msg: 'request failed',
      method: request.method,
      path: request.path,
      error: error instanceof Error ? error.message : String(error),
      code,
    });
    if (code && UNAVAILABLE.test(code))
      return void response
        .status(503)
        .set('retry-after', '1')
        .json({ error: 'service unavailable' });
    response.status(500).json({ error: 'internal server error' });
  };
