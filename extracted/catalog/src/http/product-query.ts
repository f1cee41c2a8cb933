import { z } from 'zod';
import type { ProductQuery } from '../db/product-search.ts';
import { Refusal } from '../domain/refusal.ts';
import { moneyPattern } from './product-input.ts';
import { statusNames, statusWords } from './status-words.ts';

const whole = (low: number, high: number, missing: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/)
    .transform(Number)
    .refine((value) => value >= low && value <= high)
    .default(missing);

const free = z
  .string()
  .max(200)
  .refine((value) => !value.includes('\0'));
/** `?q=` means the same as no q at all. */
const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const sorts = { name: 'title', price: 'amount', created_at: 'created', sku: 'sku' } as const;
const isSort = (value: string): value is keyof typeof sorts => Object.hasOwn(sorts, value);

const parameters = {
  page: whole(1, 100_000, 1),
  per_page: whole(1, 100, 20),
  q: optional(free),
  status: optional(z.enum(statusNames)),
  min_price: optional(free),
  max_price: optional(free),
  sort: optional(free),
  category: optional(free),
  tag: optional(free),
} as const;

/** The first parameter that is wrong is named; which one is first is part of what clients see. */
export function readProductQuery(query: Readonly<Record<string, unknown>>): ProductQuery {
  const read = <N extends keyof typeof parameters>(name: N): z.output<(typeof parameters)[N]> => {
    const parsed = z.safeParse(parameters[name], query[name]);
    if (!parsed.success) throw bad(name);
    return parsed.data as z.output<(typeof parameters)[N]>;
  };
  const [page, perPage, text, status] = [read('page'), read('per_page'), read('q'), read('status')];
  const [minAmount, maxAmount] = [read('min_price'), read('max_price')];
  if (minAmount !== undefined && !moneyPattern.test(minAmount)) throw bad('min_price');
  if (maxAmount !== undefined && !moneyPattern.test(maxAmount)) throw bad('max_price');
  return {
    page,
    perPage,
    text,
    minAmount,
    maxAmount,
    state: status && statusWords[status],
    sort: readSort(read('sort'), text),
    categorySlug: read('category'),
    label: read('tag'),
  };
}

function readSort(value: string | undefined, text: string | undefined): ProductQuery['sort'] {
  if (value === undefined)
    return text === undefined ? { by: 'created', descending: true } : 'relevance';
  if (value === 'relevance' && text !== undefined) return 'relevance';
  const descending = value.startsWith('-');
  const name = value.slice(descending ? 1 : 0);
  if (!isSort(name)) throw bad('sort');
  return { by: sorts[name], descending };
}

const bad = (parameter: string): Refusal => new Refusal({ kind: 'bad-parameter', parameter });
