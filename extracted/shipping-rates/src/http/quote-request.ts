import { z } from 'zod';
import { heaviestGrams, serviceLevels, type Parcel } from '../domain/rates.ts';

/** What clients of the shop already depend on: a code and a sentence, for the first field that is wrong. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

const refusals = {
  INVALID_BODY: 'the body must be a JSON object',
  INVALID_WEIGHT: 'weight_grams must be a whole number of grams',
  TOO_HEAVY: `weight_grams may be at most ${heaviestGrams}`,
  INVALID_COUNTRY: 'country must be two capital letters',
  INVALID_SERVICE_LEVEL: `service_level must be one of ${serviceLevels.join(', ')}`,
  INVALID_SUBTOTAL: 'subtotal must be a string like "12.34"',
} as const;
type Code = keyof typeof refusals;

const because = (code: Code): { error: Code; abort: true } => ({ error: code, abort: true });

const body = z.object(
  {
    // Not z.int(), which refuses what lies beyond 2^53 with another reason: too heavy is what such a parcel is.
    weight_grams: z
      .custom<number>(
        (value) => typeof value === 'number' && Number.isInteger(value) && value >= 1,
        because('INVALID_WEIGHT'),
      )
      .refine((value) => value <= heaviestGrams, because('TOO_HEAVY')),
    country: z.string(because('INVALID_COUNTRY')).regex(/^[A-Z]{2}$/, because('INVALID_COUNTRY')),
    service_level: z.enum(serviceLevels, because('INVALID_SERVICE_LEVEL')).default('standard'),
    subtotal: z
      .string(because('INVALID_SUBTOTAL'))
      .regex(/^\d{1,10}(\.\d{1,2})?$/, because('INVALID_SUBTOTAL'))
      .default('0'),
  },
  because('INVALID_BODY'),
);

const isCode = (text: string | undefined): text is Code => text !== undefined && text in refusals;

export function readQuoteRequest(
  input: unknown,
): { ok: true; parcel: Parcel } | { ok: false; refusal: Refusal } {
  const parsed = body.safeParse(input);
  if (!parsed.success) {
    const text = parsed.error.issues[0]?.message;
    const code = isCode(text) ? text : 'INVALID_BODY';
    return { ok: false, refusal: { code, message: refusals[code] } };
  }
  const { weight_grams: weightGrams, country, service_level: serviceLevel, subtotal } = parsed.data;
  return {
    ok: true,
    parcel: { weightGrams, country, serviceLevel, goodsCents: centsOf(subtotal) },
  };
}

function centsOf(money: string): bigint {
  const [whole = '0', fraction = ''] = money.split('.');
  return BigInt(whole) * 100n + BigInt(fraction.padEnd(2, '0'));
}
