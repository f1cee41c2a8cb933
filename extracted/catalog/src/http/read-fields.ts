import { z } from 'zod';
import { invalid, Refusal, type FieldProblem } from '../domain/refusal.ts';

export const shortText = (max: number, message: string) =>
  z
    .string({ error: message })
    .max(max, message)
    .refine((value) => value.trim() !== '' && !value.includes('\0'), message);

const largestId = 9_223_372_036_854_775_807n;

/** A positive bigint as text, without leading zeros: ids are beyond what a JS number holds. */
export function readId(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^\d{1,19}$/.test(value)) return undefined;
  const id = BigInt(value);
  return id > 0n && id <= largestId ? id.toString() : undefined;
}

export function pathId(value: unknown): string {
  const id = readId(value);
  if (id === undefined) throw new Refusal({ kind: 'bad-id' });
  return id;
}

export const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

interface Reading<T> {
  readonly schema: z.ZodType<T>;
  /** Fields in the order in which clients get their problems listed. */
  readonly names: readonly string[];
  /** Optional in the schema, so that one schema serves create and change. */
  readonly required: readonly string[];
  /** Whether missing fields are listed before all others or in their place: the routes never agreed. */
  readonly missing: 'first' | 'in place';
}

/** Parses a body, or answers with every field that is wrong, one message each. */
export function readFields<T extends object>(
  reading: Reading<T>,
  body: unknown,
  mode: 'create' | 'change',
): T {
  if (!isFields(body)) throw invalid({ field: 'body', message: 'must be a JSON object' });
  const wrong = new Map<string, string>();
  if (mode === 'create')
    for (const field of reading.required)
      if (body[field] === undefined) wrong.set(field, 'is required');
  const parsed = reading.schema.safeParse(body);
  for (const issue of parsed.error?.issues ?? []) {
    const field = String(issue.path[0] ?? 'body');
    if (!wrong.has(field)) wrong.set(field, issue.message);
  }
  const problems: FieldProblem[] = [...wrong].map(([field, message]) => ({ field, message }));
  if (reading.missing === 'in place')
    problems.sort((a, b) => reading.names.indexOf(a.field) - reading.names.indexOf(b.field));
  if (
    mode === 'change' &&
    problems.length === 0 &&
    !reading.names.some((field) => body[field] !== undefined)
  )
    problems.push({ field: 'body', message: 'changes nothing' });
  if (problems.length > 0 || !parsed.success) throw invalid(...problems);
  return parsed.data;
}
