import { type JsonValue, jsonOf } from '../record/json-values.ts';
import type { SentBody } from '../record/recorded-answers.ts';
import type { Operated } from './recorded-writes.ts';
import { type Schema, schemaOf, type SchemaNote } from './schema-of.ts';

/** Drawn from what was done: what was refused may be as wrong as it likes. */
export function requestBodyOf(
  seen: readonly Operated[],
):
  { readonly schema: Schema; readonly requests: number; readonly notes: SchemaNote[] } | undefined {
  const done = seen.filter(({ answer }) => answer.status < 400);
  const sent = done.flatMap((each) => each.sent ?? []);
  if (sent.length === 0) return undefined;
  const notes: SchemaNote[] = [];
  const types = [...new Set(sent.map(mediaTypeOf))];
  const content = Object.fromEntries(
    types.map((type) => {
      const values = sent.filter((each) => mediaTypeOf(each) === type).map(valueOf);
      const read = values.filter((value) => value !== undefined);
      return [type, read.length === values.length ? { schema: schemaOf(read, notes) } : {}];
    }),
  );
  return {
    schema: { ...(sent.length === done.length && { required: true }), content },
    requests: sent.length,
    notes,
  };
}

/** Without the boundary of a form's parts, which is another one each time. */
const mediaTypeOf = ({ contentType }: SentBody): string =>
  (contentType.split(';')[0] ?? '').trim().toLowerCase() || 'application/octet-stream';

/** undefined where a schema would say nothing: files, bodies that the recording left out. */
function valueOf(sent: SentBody): JsonValue | undefined {
  const type = mediaTypeOf(sent);
  if (sent.text === undefined) return undefined;
  if (/[/+]json$/.test(type)) return jsonOf(sent.text);
  return type === 'application/x-www-form-urlencoded'
    ? Object.fromEntries(new URLSearchParams(sent.text))
    : undefined;
}
