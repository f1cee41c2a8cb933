import type { ValueDecoder } from './scalars.ts';

// A word that is safe without quotes is the common case; NULL is not.
const plain = /^[^\s"\\{},]+$/;
const separators = /[{}",\\ \t\n\r\v\f]/;
const javaArray = /^\[+(?:[A-Z]|L[\w.$]+;)@[0-9a-f]+$/;

const quotedElement = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

const element = (text: string): string =>
  plain.test(text)
    ? text.length === 4 && text.toUpperCase() === 'NULL'
      ? `"${text}"`
      : text
    : text === '' || separators.test(text)
      ? quotedElement(text)
      : text;

/** Whether all of an array came: one of several dimensions looks as if it had NULLs only, or holds Java's names of its rows. */
export const isWholeArray = (value: readonly unknown[]): boolean =>
  value.length === 0 ||
  (value.some((item) => item !== null) &&
    !value.some((item) => typeof item === 'string' && javaArray.test(item)));

/**
 * Of arrays with one dimension. Debezium writes the rows of one with more as NULL, or as Java's name of them: nothing that looks
 * so is taken for an array of NULLs.
 */
export function arrayDecoder(decode: ValueDecoder): ValueDecoder {
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    if (value.length === 0) return '{}';
    let text = '{';
    let nulls = 0;
    for (let index = 0; index < value.length; index += 1) {
      const item: unknown = value[index];
      if (index > 0) text += ',';
      if (item === null) {
        nulls += 1;
        text += 'NULL';
        continue;
      }
      if (typeof item === 'string' && javaArray.test(item)) return undefined;
      const decoded = decode(item);
      if (decoded === undefined) return undefined;
      text += element(decoded);
    }
    return nulls === value.length ? undefined : `${text}}`;
  };
}
