import { asFields } from './input.ts';

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

/** What a person is told of it, whatever shape the module's errors have. */
export const told = ({ body, message }: HttpError): string => {
  const { message: said, error = message } = asFields(body) ?? {};
  return typeof said === 'string' ? said : typeof error === 'string' ? error : message;
};
