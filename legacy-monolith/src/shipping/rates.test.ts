import { expect, test } from '@jest/globals';
import { quote, type QuoteRequest } from './rates.ts';

const parcel = (over: Partial<QuoteRequest>): QuoteRequest => ({
  weightGrams: 500,
  country: 'DE',
  serviceLevel: 'standard',
  subtotalCents: 0,
  ...over,
});

test.each([
  [{}, { zone: 'domestic', amountCents: 490, minDays: 2, maxDays: 4 }],
  [{ weightGrams: 1000 }, { amountCents: 490 }],
  [{ weightGrams: 1001 }, { amountCents: 550 }],
  [
    { country: 'FR', serviceLevel: 'express' as const, weightGrams: 1200 },
    { zone: 'eu', amountCents: 2034 },
  ],
  [
    { country: 'US', serviceLevel: 'overnight' as const },
    { zone: 'world', amountCents: 7968 },
  ],
  [{ subtotalCents: 9_999 }, { amountCents: 490, freeShipping: false }],
  [{ subtotalCents: 10_000 }, { amountCents: 0, freeShipping: true }],
  [
    { subtotalCents: 10_000, serviceLevel: 'express' as const },
    { amountCents: 882, freeShipping: false },
  ],
  [
    { subtotalCents: 10_000, country: 'AT' },
    { amountCents: 990, freeShipping: false },
  ],
])('a parcel of %j costs what the price list says', (over, expected) => {
  expect(quote(parcel(over))).toMatchObject(expected);
});
