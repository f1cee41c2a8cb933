import { HttpError } from '../http/http-error.ts';
import {
  asFields,
  isDate,
  isMoney,
  isText,
  isUuid,
  parseId,
  type FieldProblem,
  type Fields,
} from '../http/input.ts';
import type { ProductStatus } from '../db/schema.ts';

export interface ProductInput {
  sku?: string;
  name?: string;
  description?: string | null;
  price?: string;
  currency?: string | null;
  status?: ProductStatus;
  attributes?: string;
  tags?: string[];
  weight?: string | null;
  external_ref?: string | null;
  released_on?: string | null;
}

interface Rule {
  readonly accepts: (value: unknown) => boolean;
  readonly message: string;
}

const nullOr =
  (accepts: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === null || accepts(value);
const STATUSES: readonly unknown[] = ['draft', 'active', 'discontinued'];

const RULES: Readonly<Record<string, Rule>> = {
  sku: {
    accepts: (value) => typeof value === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(value),
    message: 'must be 1-64 letters, digits, dots, dashes',
  },
  name: { accepts: (value) => isText(value, 200), message: 'must be 1-200 characters' },
  description: {
    accepts: nullOr(
      (value) => typeof value === 'string' && value.length <= 200_000 && !value.includes('\0'),
    ),
    message: 'must be text of at most 200000 characters or null',
  },
  price: { accepts: isMoney, message: 'must be a string like "12.34"' },
  currency: {
    accepts: nullOr((value) => typeof value === 'string' && /^[A-Z]{3}$/.test(value)),
    message: 'must be three capital letters or null',
  },
  status: {
    accepts: (value) => STATUSES.includes(value),
    message: 'must be draft, active or discontinued',
  },
  attributes: {
    accepts: (value) => asFields(value) !== undefined && !JSON.stringify(value).includes('\\u0000'),
    message: 'must be an object',
  },
  tags: {
    accepts: (value) =>
      Array.isArray(value) && value.length <= 50 && value.every((tag) => isText(tag, 50)),
    message: 'must be a list of up to 50 short texts',
  },
  weight: {
    accepts: nullOr((value) => typeof value === 'string' && /^\d{1,6}(\.\d{1,6})?$/.test(value)),
    message: 'must be a string like "1.250" (kg) or null',
  },
  external_ref: { accepts: nullOr(isUuid), message: 'must be a UUID or null' },
  releasedOn: { accepts: nullOr(isDate), message: 'must be a date like "2024-02-29" or null' },
};
const REQUIRED = ['sku', 'name', 'price'] as const;

/** The columns that a request body sets. A field that is absent keeps its value or takes its default; null is NULL. */
export function readProductInput(body: unknown, mode: 'create' | 'change'): ProductInput {
  const fields = asFields(body);
  if (!fields) throw invalid([{ field: 'body', message: 'must be a JSON object' }]);
  const problems: FieldProblem[] = [];
  if (mode === 'create')
    for (const field of REQUIRED)
      if (fields[field] === undefined) problems.push({ field, message: 'is required' });
  for (const [field, rule] of Object.entries(RULES)) {
    if (fields[field] !== undefined && !rule.accepts(fields[field]))
      problems.push({ field, message: rule.message });
  }
  if (
    mode === 'change' &&
    problems.length === 0 &&
    !Object.keys(RULES).some((field) => fields[field] !== undefined)
  ) {
    problems.push({ field: 'body', message: 'changes nothing' });
  }
  if (problems.length > 0) throw invalid(problems);
  return toColumns(fields);
}

function toColumns(fields: Fields): ProductInput {
  const columns: Record<string, unknown> = {};
  for (const field of Object.keys(RULES)) {
    const value = fields[field];
    if (value === undefined) continue;
    if (field === 'releasedOn') columns.released_on = value;
    else columns[field] = field === 'attributes' ? JSON.stringify(value) : value;
  }
  return columns;
}

export function readCategoryIds(body: unknown): string[] {
  const ids = asFields(body)?.categoryIds;
  if (ids === undefined) return [];
  const parsed = Array.isArray(ids) && ids.length <= 20 ? ids.map(parseId) : [undefined];
  if (!parsed.every((id) => id !== undefined))
    throw invalid([{ field: 'categoryIds', message: 'must be a list of up to 20 category ids' }]);
  return [...new Set(parsed)];
}

export const invalid = (errors: readonly FieldProblem[]): HttpError =>
  new HttpError(422, { errors });
