import type { ContractsErrorCode } from '../contracts-error.ts';
import { isObject, listOf, textOf } from './links.ts';

/** What a broker's answer of 400 and more means for who asked. */
export function refusalCode(status: number): ContractsErrorCode {
  if (status === 401 || status === 403 || status === 407) return 'BROKER_AUTH';
  if (status === 404) return 'BROKER_NOT_FOUND';
  if (status === 409) return 'BROKER_CONFLICT';
  // A proxy before a broker that is away.
  if (status === 502 || status === 503 || status === 504) return 'BROKER_UNREACHABLE';
  if (status >= 500) return 'BROKER_FAILED';
  return 'BROKER_REFUSED';
}

/** What a broker says in its own words: notices, errors by field or in a list, problem documents, one error with a reference. */
export function saidBy(body: unknown): string {
  if (!isObject(body)) return '';
  const errors = body.errors;
  const problem = textOf(body.detail) ?? textOf(body.title);
  const texts = [
    ...listOf(body.notices).map(({ text }) => textOf(text)),
    ...(isObject(body.error) ? [textOf(body.error.message), reference(body.error.reference)] : []),
    ...(isObject(errors)
      ? Object.entries(errors).flatMap(([field, said]) =>
          flat(said).map((text) => `${field} ${text}`),
        )
      : flat(errors)),
    ...(problem === undefined ? [] : [problem]),
  ].filter((text): text is string => text !== undefined && text !== '');
  // A conflict's notices stand among its errors once more.
  const told = texts.filter(
    (text, index) => !texts.some((other, at) => at < index && text.endsWith(other)),
  );
  return told.join('\n');
}

const reference = (value: unknown): string | undefined =>
  textOf(value) === undefined ? undefined : `(its reference: ${textOf(value) ?? ''})`;

const flat = (said: unknown): string[] =>
  (Array.isArray(said) ? said : [said]).flatMap((one: unknown) =>
    typeof one === 'string'
      ? [one]
      : isObject(one)
        ? [textOf(one.detail) ?? textOf(one.title) ?? '']
        : [],
  );
