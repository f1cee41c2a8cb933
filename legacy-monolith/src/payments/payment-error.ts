import { HttpError } from '../http/http-error.ts';

export const paymentError = (status: number, type: string, detail: string): HttpError =>
  new HttpError(status, { error: { type, detail } });
