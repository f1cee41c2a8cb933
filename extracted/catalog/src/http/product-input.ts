import { z } from 'zod';
import type { NewProduct, ProductFields } from '../domain/product.ts';
import { invalid } from '../domain/refusal.ts';
import { isFields, readFields, readId, shortText } from './read-fields.ts';
import { statusNames, statusWords } from './status-words.ts';

const text = (pattern: RegExp, message: string) =>
  z.string({ error: message }).regex(pattern, message);
export const moneyPattern = /^\d{1,10}(\.\d{1,2})?$/;

const isDay = (value: string): boolean => {
  const time = Date.parse(value);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
};

const day = 'must be a date like "2024-02-29" or null';
const longText = 'must be text of at most 200000 characters or null';
const object = 'must be an object';
const labels = 'must be a list of up to 50 short texts';

// In the order in which clients get their problems listed.
const product = z.object({
  sku: text(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1-64 letters, digits, dots, dashes').optional(),
  name: shortText(200, 'must be 1-200 characters').optional(),
  description: z
    .string({ error: longText })
    .max(200_000, longText)
    .refine((value) => !value.includes('\0'), longText)
    .nullable()
    .optional(),
  price: text(moneyPattern, 'must be a string like "12.34"').optional(),
  currency: text(/^[A-Z]{3}$/, 'must be three capital letters or null')
    .nullable()
    .optional(),
  status: z.enum(statusNames, { error: 'must be draft, active or discontinued' }).optional(),
  attributes: z
    .custom<Record<string, unknown>>(
      (value) => isFields(value) && !JSON.stringify(value).includes('\\u0000'),
      object,
    )
    .optional(),
  tags: z.array(shortText(50, labels), { error: labels }).max(50, labels).optional(),
  weight: text(/^\d{1,6}(\.\d{1,6})?$/, 'must be a string like "1.250" (kg) or null')
    .nullable()
    .optional(),
  external_ref: text(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'must be a UUID or null')
    .nullable()
    .optional(),
  releasedOn: text(/^\d{4}-\d\d-\d\d$/, day)
    .refine(isDay, day)
    .nullable()
    .optional(),
});
const reading = {
  schema: product,
  names: Object.keys(product.shape),
  required: ['sku', 'name', 'price'],
  missing: 'first',
} as const;

function read(body: unknown, mode: 'create' | 'change'): ProductFields {
  const {
    name,
    description,
    price,
    currency,
    status,
    attributes,
    tags,
    weight,
    external_ref,
    releasedOn,
    sku,
  } = readFields(reading, body, mode);
  return {
    sku,
    title: name,
    body: description,
    amount: price,
    currencyCode: currency,
    state: status && statusWords[status],
    specs: attributes,
    labels: tags,
    weightKg: weight,
    erpReference: external_ref,
    availableFrom: releasedOn,
  };
}

export const readProductChange = (body: unknown): ProductFields => read(body, 'change');

export function readNewProduct(body: unknown): NewProduct {
  const { sku, title, amount, ...rest } = read(body, 'create');
  if (sku === undefined || title === undefined || amount === undefined)
    throw invalid({ field: 'body', message: 'is incomplete' });
  return { ...rest, sku, title, amount };
}

const ids = z
  .array(z.unknown())
  .max(20)
  .transform((list) => list.map(readId))
  .refine((list) => list.every((id) => id !== undefined))
  .optional();

export function readCategoryIds(body: unknown): string[] {
  const parsed = ids.safeParse(isFields(body) ? body.categoryIds : undefined);
  if (!parsed.success)
    throw invalid({ field: 'categoryIds', message: 'must be a list of up to 20 category ids' });
  return [...new Set((parsed.data ?? []).filter((id) => id !== undefined))];
}

export function readDelta(body: unknown): string {
  const delta = isFields(body) ? body.delta : undefined;
  if (typeof delta !== 'string' || !/^-?\d{1,10}(\.\d{1,2})?$/.test(delta))
    throw invalid({ field: 'delta', message: 'must be a string like "0.01" or "-5.00"' });
  return delta;
}
