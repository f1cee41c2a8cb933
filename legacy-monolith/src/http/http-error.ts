/** An answer other than success; the body is what the module always sent, shapes differ between modules. */
export class HttpError extends Error {
  readonly status: number;
  readonly body: object;
  constructor(status: number, body: object) {
    super(`HTTP ${status}`);
    this.status = status;
    this.body = body;
  }
}

export const unauthorized = (): HttpError => new HttpError(401, { error: 'unauthorized' });
export const forbidden = (): HttpError => new HttpError(403, { error: 'forbidden' });

/** SQLSTATE of a database error, however deep it is wrapped. */
export function sqlState(error: unknown): string | undefined {
  return typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'string'
    ? error.code
    : undefined;
}
