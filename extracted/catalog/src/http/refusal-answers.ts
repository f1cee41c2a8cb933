import type { ErrorRequestHandler, RequestHandler } from 'express';
import multer from 'multer';
import type { Logger } from 'pino';
import { sqlState } from '../db/database.ts';
import { Refusal, type RefusalReason } from '../domain/refusal.ts';

// Connection failures, too many connections, shutdown, statement timeout, and SF001: the tables are fenced because the
// data's owner is changing. The client may try again.
const unavailable = /^(08|53|57P)|^(SF001|ECONNREFUSED|ECONNRESET|EPIPE)$/;

/** Status and body as the shop's clients know them: older than problem+json, and different from route to route. */
function refusalAnswer(reason: RefusalReason): { status: number; body: object } {
  switch (reason.kind) {
    case 'missing':
      return { status: 404, body: { error: `${reason.what} not found` } };
    case 'conflict':
      return { status: 409, body: { error: 'conflict', field: reason.field } };
    case 'invalid':
      return { status: 422, body: { errors: reason.problems } };
    case 'bad-id':
      return { status: 400, body: { error: 'invalid id' } };
    case 'bad-parameter':
      return { status: 400, body: { error: `invalid parameter: ${reason.parameter}` } };
    case 'unauthorized':
      return { status: 401, body: { error: 'unauthorized' } };
    case 'identity-unknown':
      return { status: 503, body: { error: 'service unavailable' } };
    case 'no-file':
      return {
        status: 400,
        body: { error: 'no file', message: 'send multipart/form-data with a file named image' },
      };
    case 'bad-image-type':
      return { status: 415, body: { error: 'unsupported image type' } };
  }
}

export const unknownRoute: RequestHandler = (request, response) => {
  response.status(404).json({ error: 'not found', path: request.path });
};

export const answerErrors =
  (logger: Logger): ErrorRequestHandler =>
  (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    if (error instanceof Refusal) {
      const { status, body } = refusalAnswer(error.reason);
      if (status === 503) response.set('retry-after', '1');
      return void response.status(status).json(body);
    }
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
    logger.error(
      { err: error, method: request.method, path: request.path, sqlState: code },
      'request failed',
    );
    if (code !== undefined && unavailable.test(code))
      return void response
        .status(503)
        .set('retry-after', '1')
        .json({ error: 'service unavailable' });
    response.status(500).json({ error: 'internal server error' });
  };
