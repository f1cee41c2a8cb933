import { z } from 'zod';
import { invalid, Refusal, type FieldProblem } from '../domain/refusal.ts';

export const shortText = (max: number, message: string) =>
  z.string({ error: message }).max(max, message).refine((value) => value.trim() !== '' && !value.includes('\0'), message);

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

export const isFields = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Parses a body and answers with every field that is wrong, one message each: first the missing ones, then the others, in
 * the order of the schema. `required` fields are optional in the schema, so that one schema serves create and change.
 */
export function readFields<T extends object>(schema: z.ZodType<T>, names: readonly string[], body: unknown, required: readonly string[], mode: 'create' | 'change'): T {
  if (!isFields(body)) throw invalid({ field: 'body', message: 'must be a JSON object' });
  const problems: FieldProblem[] = mode === 'create' ? required.filter((field) => body[field] === undefined).map((field) => ({ field, message: 'is required' })) : [];
  const parsed = schema.safeParse(body);
  const wrong = new Map<string, string>();
  for (const issue of parsed.error?.issues ?? []) {
    const field = String(issue.path[0] ?? 'body');
    if (!wrong.has(field)) wrong.set(field, issue.message);
  }
  for (const [field, message] of wrong) problems.push({ field, message });
  if (mode === 'change' && problems.length === 0 && !names.some((field) => body[field] !== undefined)) problems.push({ field: 'body', message: 'changes nothing' });
  if (problems.length > 0 || !parsed.success) throw invalid(...problems);
  return parsed.data;
}
