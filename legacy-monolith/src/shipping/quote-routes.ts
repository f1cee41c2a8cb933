import { Router } from 'express';
import { HttpError } from '../http/http-error.ts';
import { asFields, isMoney } from '../http/input.ts';
import { MAX_WEIGHT_GRAMS, quote, SERVICE_LEVELS, type QuoteRequest } from './rates.ts';

const bad = (code: string, message: string): HttpError => new HttpError(400, { code, message });

export const toCents = (money: string): number => {
  const [whole = '0', fraction = ''] = money.split('.');
  return Number(whole) * 100 + Number(fraction.padEnd(2, '0'));
};
export const fromCents = (cents: number): string =>
  `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;

function readQuoteRequest(body: unknown): QuoteRequest {
  const fields = asFields(body);
  if (!fields) throw bad('INVALID_BODY', 'the body must be a JSON object');
  const {
    weight_grams: weight,
    country,
    service_level: level = 'standard',
    subtotal = '0',
  } = fields;
  if (typeof weight !== 'number' || !Number.isInteger(weight) || weight < 1)
    throw bad('INVALID_WEIGHT', 'weight_grams must be a whole number of grams');
  if (weight > MAX_WEIGHT_GRAMS)
    throw bad('TOO_HEAVY', `weight_grams may be at most ${MAX_WEIGHT_GRAMS}`);
  if (typeof country !== 'string' || !/^[A-Z]{2}$/.test(country))
    throw bad('INVALID_COUNTRY', 'country must be two capital letters');
  const serviceLevel = SERVICE_LEVELS.find((known) => known === level);
  if (!serviceLevel)
    throw bad('INVALID_SERVICE_LEVEL', `service_level must be one of ${SERVICE_LEVELS.join(', ')}`);
  if (!isMoney(subtotal)) throw bad('INVALID_SUBTOTAL', 'subtotal must be a string like "12.34"');
  return { weightGrams: weight, country, serviceLevel, subtotalCents: toCents(subtotal) };
}

export function quoteRoutes(): Router {
  const router = Router();
  router.post('/shipping/quotes', (request, response) => {
    const question = readQuoteRequest(request.body);
    const answer = quote(question);
    response.json({
      zone: answer.zone,
      service_level: question.serviceLevel,
      amount: fromCents(answer.amountCents),
      currency: 'EUR',
      free_shipping: answer.freeShipping,
      deliveryDays: { min: answer.minDays, max: answer.maxDays },
    });
  });
  return router;
}
