import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';

/** RFC 9457. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly instance?: string;
  readonly [extension: string]: unknown;
}

export class Problem extends Error {
  readonly isProblem = true;
  readonly status: number;
  readonly title: string;
  readonly type: string;
  readonly extensions: Readonly<Record<string, unknown>>;
  override readonly name = 'Problem';

  constructor(
    status: number,
    title: string,
    options: {
      detail?: string;
      type?: string;
      extensions?: Record<string, unknown>;
      cause?: unknown;
    } = {},
  ) {
    super(options.detail ?? title, { cause: options.cause });
    this.status = status;
    this.title = title;
    this.type = options.type ?? 'about:blank';
    this.extensions = options.extensions ?? {};
  }
}

const isProblem = (error: unknown): error is Problem =>
  error instanceof Problem || (typeof error === 'object' && error !== null && 'isProblem' in error);

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** Errors of body parsers and routers carry `status`; anything else is ours and its text stays in the log. */
export function problemOf(error: unknown): ProblemBody {
  if (isProblem(error)) {
    const detail = error.message === error.title ? {} : { detail: error.message };
    return {
      ...error.extensions,
      type: error.type,
      title: error.title,
      status: error.status,
      ...detail,
    };
  }
  const carried =
    typeof error === 'object' && error !== null && 'status' in error
      ? Number(error.status)
      : Number.NaN;
  const status = carried >= 400 && carried <= 599 ? carried : 500;
  const detail = status < 500 && error instanceof Error ? { detail: error.message } : {};
  return { type: 'about:blank', title: titles[status] ?? 'Error', status, ...detail };
}

export function sendProblem(response: Response, problem: ProblemBody): void {
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

export const notFoundProblem = (): RequestHandler => (request, response) => {
  sendProblem(response, {
    type: 'about:blank',
    title: 'Not Found',
    status: 404,
    detail: `No route for ${request.method} ${request.path}`,
  });
};

export const problemHandler =
  (logger: Logger): ErrorRequestHandler =>
  (error: unknown, request, response, next) => {
    const problem = problemOf(error);
    if (problem.status >= 500)
      logger.error({ err: error, method: request.method, path: request.path }, 'request failed');
    // Too late for another answer: Express cuts the connection, so that the client does not take half a body for a whole one.
    if (response.headersSent) return next(error);
    sendProblem(response, { ...problem, instance: request.path });
  };
