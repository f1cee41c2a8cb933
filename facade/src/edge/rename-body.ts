import { decodeBody } from '../proxy/decode-body.ts';
import { rawHeader } from '../proxy/raw-headers.ts';
import { type FieldRule, renameFields } from './rename-fields.ts';

export type BodyOutcome =
  { readonly kind: 'renamed' | 'unchanged'; readonly body: Buffer } | { readonly kind: NotRenamed };
/** Why the fields of a body stay what they were. */
export type NotRenamed = 'too-large' | 'encoding' | 'charset' | 'not-json' | 'collision';

/** Whether a message says that it is JSON. */
export function saysJson(raw: readonly string[]): boolean {
  const type = (rawHeader(raw, 'content-type')?.split(';')[0] ?? '').trim().toLowerCase();
  return type === 'application/json' || type.endsWith('+json');
}

/** The body with its fields' other names, not compressed. */
export async function renameBody(
  body: Buffer,
  raw: readonly string[],
  { fields, maxBytes }: { readonly fields: readonly FieldRule[]; readonly maxBytes: number },
): Promise<BodyOutcome> {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(rawHeader(raw, 'content-type') ?? '')?.[1];
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset)) return { kind: 'charset' };
  let text: string;
  try {
    const encoding = rawHeader(raw, 'content-encoding');
    text = (await decodeBody(body, encoding, maxBytes)).toString('latin1');
  } catch (error) {
    // what unpacks to more than anybody wants is too large, not broken
    const large = Reflect.get(Object(error), 'code') === 'ERR_BUFFER_TOO_LARGE';
    return { kind: large ? 'too-large' : 'encoding' };
  }
  if (text === '') return { kind: 'unchanged', body: Buffer.alloc(0) };
  const done = renameFields(text, fields);
  if (done.kind === 'renamed') return { kind: 'renamed', body: Buffer.from(done.text, 'latin1') };
  return done.kind === 'unchanged'
    ? { kind: 'unchanged', body: Buffer.from(text, 'latin1') }
    : { kind: done.kind };
}
