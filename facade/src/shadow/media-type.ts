import { isUtf8 } from 'node:buffer';
import type { Observed } from './difference.ts';

export const headerOf = (observed: Observed, name: string): string | undefined => {
  const value = observed.headers[name.toLowerCase()];
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
};

export const mediaType = (observed: Observed): string =>
  (headerOf(observed, 'content-type')?.split(';')[0] ?? '').trim().toLowerCase();
export const isJson = (type: string): boolean =>
  type === 'application/json' || type.endsWith('+json');
/** Text that people or browsers read, no JSON. */
export const isText = (type: string): boolean =>
  type.startsWith('text/') || /[/+](?:xml|javascript|xhtml\+xml)$/.test(type);

const labelOf = (observed: Observed): string | undefined =>
  /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(headerOf(observed, 'content-type') ?? '')?.[1];

/** One name for all names of an encoding; JSON that says nothing is UTF-8, other text that says nothing leaves it to the reader. */
export function charsetOf(observed: Observed): string {
  const label = labelOf(observed);
  if (label === undefined) return isJson(mediaType(observed)) ? 'utf-8' : '';
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return label.toLowerCase();
  }
}

/** The body as text when every byte of it is text; undefined otherwise: a replacement character would hide what stood there. */
export function strictText(observed: Observed): string | undefined {
  const charset = charsetOf(observed) || 'utf-8';
  if (charset === 'utf-8') return isUtf8(observed.body) ? observed.body.toString() : undefined;
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(observed.body);
  } catch {
    return undefined;
  }
}
