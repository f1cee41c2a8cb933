import { HttpError } from '../http/http-error.ts';

export const orderError = (status: number, code: string, message: string): HttpError =>
  new HttpError(status, { code, message });
export const orderNotFound = (): HttpError =>
  orderError(404, 'ORDER_NOT_FOUND', 'there is no such order');
