import { createHash } from 'node:crypto';
import type { DecoderColumn } from './column-type.ts';
import { unavailable } from './settings.ts';

/** Java's UUID.nameUUIDFromBytes. */
function nameUuid(name: string): string {
  const bytes = createHash('md5').update(name).digest();
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x30;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const uuid = nameUuid(unavailable);
const codes = [...Buffer.from(unavailable)];
const hstore = JSON.stringify({ [unavailable]: unavailable });

const single =
  (item: string) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.length === 1 && value[0] === item;
const isCodes = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length === codes.length &&
  codes.every((code, index) => value[index] === code);

/** What stands for an unchanged large value of a column, beyond the bare text, which every type may have. */
export function isUnavailable({
  type,
  element,
}: DecoderColumn): ((value: unknown) => boolean) | undefined {
  if (type === 'hstore') return (value) => value === hstore;
  if (element === null) return undefined;
  if (element.type === 'uuid') return single(uuid);
  return element.type === 'integer' || element.type === 'bigint' ? isCodes : single(unavailable);
}
