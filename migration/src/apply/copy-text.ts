import type { ColumnText } from '../stream/change-event.ts';
import { columnKind, type EncodedRow } from '../stream/encoded-row.ts';

const special = /[\\\n\r\t]/;
const specials = /[\\\n\r\t]/g;
const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A value as `COPY … FROM STDIN` reads it in its text format (PostgreSQL documentation, "COPY", File Formats). */
export const copyValue = (value: ColumnText): string =>
  value === null
    ? '\\N'
    : special.test(value)
      ? value.replace(specials, (character) => escapes[character] ?? character)
      : value;

const [tab, backslash, letterN] = [0x09, 0x5c, 0x4e];
/** Byte → the letter that stands for it after a backslash, or 0. */
const escapeLetters = new Uint8Array(256);
for (const [character, text] of Object.entries(escapes))
  escapeLetters[character.charCodeAt(0)] = text.charCodeAt(1);

/** No byte after it but the backslash stands for something else. */
const lastControl = 0x0d;

/** Bytes that `copyEncoded` may need for a row, at most. */
export const mostCopyBytes = ({ size, columns }: EncodedRow): number =>
  size * 2 + columns.length * 2;

/** Writes the columns that are taken, as `copyValue` would, with tabs between; returns where they end in `out`. */
export function copyEncoded(
  { bytes, at: from, columns }: EncodedRow,
  taken: readonly boolean[],
  out: Buffer,
  begin: number,
): number {
  let at = from;
  let end = begin;
  let first = true;
  for (let column = 0; column < columns.length; column += 1) {
    const kind = bytes[at];
    at += 1;
    let next = at;
    if (kind === columnKind.text) {
      at += 4;
      next = at + bytes.readUInt32BE(at - 4);
    }
    if (taken[column]) {
      if (!first) out[end++] = tab;
      first = false;
      if (kind !== columnKind.text) {
        out[end++] = backslash;
        out[end++] = letterN;
      }
      for (; at < next; at += 1) {
        const byte = bytes[at] ?? 0;
        const letter = byte > lastControl && byte !== backslash ? 0 : (escapeLetters[byte] ?? 0);
        if (letter === 0) out[end++] = byte;
        else {
          out[end++] = backslash;
          out[end++] = letter;
        }
      }
    }
    at = next;
  }
  return end;
}
