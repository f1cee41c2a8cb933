import { z } from 'zod';
import type { CategoryFields, NewCategory } from '../domain/category.ts';
import { invalid } from '../domain/refusal.ts';
import { isFields, readFields, readId, shortText } from './read-fields.ts';

const slug = 'must be small letters, digits and dashes';
const parent = 'must be a category id or null';
const whole = 'must be a whole number';

const sortOrder = z.custom<number>(
  (value) => typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 10_000,
  whole,
);

// In the order in which clients get their problems listed.
const category = z.object({
  slug: z
    .string({ error: slug })
    .regex(/^[a-z0-9-]{1,100}$/, slug)
    .optional(),
  name: shortText(100, 'must be 1-100 characters').optional(),
  parentId: z
    .custom<string>((value) => readId(value) !== undefined, parent)
    .nullable()
    .optional(),
  position: sortOrder.optional(),
});
const reading = {
  schema: category,
  names: Object.keys(category.shape),
  required: ['slug', 'name'],
  missing: 'in place',
} as const;

function read(body: unknown, mode: 'create' | 'change'): CategoryFields {
  const fields = readFields(reading, body, mode);
  return {
    slug: fields.slug,
    label: fields.name,
    sortOrder: fields.position,
    parentId: fields.parentId == null ? fields.parentId : readId(fields.parentId),
  };
}

export const readCategoryChange = (body: unknown): CategoryFields => read(body, 'change');

export function readNewCategory(body: unknown): NewCategory {
  const { slug: text, label, ...rest } = read(body, 'create');
  if (text === undefined || label === undefined)
    throw invalid({ field: 'body', message: 'is incomplete' });
  return { ...rest, slug: text, label };
}

export function readSortOrder(body: unknown): number {
  const parsed = sortOrder.safeParse((isFields(body) ? body.position : undefined) ?? 0);
  if (!parsed.success) throw invalid({ field: 'position', message: whole });
  return parsed.data;
}
