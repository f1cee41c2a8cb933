import type { ColumnText } from '../stream/change-event.ts';

const special = /[\\\n\r\t]/;
const specials = /[\\\n\r\t]/g;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A value as `COPY … FROM STDIN` reads it in its text format (PostgreSQL documentation, "COPY", File Formats). */
export const copyValue = (value: ColumnText): string =>
  value === null ? '\\N' : special.test(value) ? value.replace(specials, (character) => escapes[character] ?? character) : value;
