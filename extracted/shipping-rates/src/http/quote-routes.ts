import express, { Router, type ErrorRequestHandler } from 'express';
import { quote } from '../domain/rates.ts';
import { readQuoteRequest } from './quote-request.ts';

const money = (cents: number): string =>
  `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;

/** Bodies that are no JSON: answered as the shop always did, because clients read this shape. */
const unreadable: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (
    response.headersSent ||
    !(error instanceof Error) ||
    !('status' in error) ||
    typeof error.status !== 'number' ||
    error.status < 400 ||
    error.status > 499
  )
    return next(error);
  response.status(error.status).json({ error: 'bad request', message: error.message });
};

export function quoteRoutes(): Router {
  const router = Router();
  router.use(express.json({ limit: '1mb' }));
  router.post('/shipping/quotes', (request, response) => {
    const read = readQuoteRequest(request.body);
    if (!read.ok) {
      response.status(400).json(read.refusal);
      return;
    }
    const answer = quote(read.parcel);
    response.json({
      zone: answer.zone,
      service_level: read.parcel.serviceLevel,
      amount: money(answer.amountCents),
      currency: 'EUR',
      free_shipping: answer.freeShipping,
      deliveryDays: { min: answer.days[0], max: answer.days[1] },
    });
  });
  router.use(unreadable);
  return router;
}
