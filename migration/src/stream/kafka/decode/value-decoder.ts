import { arrayDecoder } from './arrays.ts';
import type { DecoderColumn } from './column-type.ts';
import { bytesOfText, scalarDecoder, type ValueDecoder } from './scalars.ts';

const builtinRanges = new Set([
  'int4range',
  'int8range',
  'numrange',
  'daterange',
  'tsrange',
  'tstzrange',
]);

/** Elements that come whole; others lose values without a trace, found by trial against the connector. */
const wholeElements = new Set([
  'smallint',
  'integer',
  'bigint',
  'real',
  'double precision',
  'boolean',
  'text',
  'character varying',
  'character',
  'bpchar',
  'bytea',
  'inet',
  'cidr',
  'macaddr',
  'macaddr8',
  'uuid',
  'json',
  'jsonb',
  'citext',
  'hstore',
  ...builtinRanges,
]);

/** What is part of a text that comes as bytes must be written the same under every setting of a session. */
const steadyParts = new Set([
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'real',
  'double precision',
  'boolean',
  'text',
  'character varying',
  'character',
  'uuid',
  'date',
  'time without time zone',
  'timestamp without time zone',
  'interval',
  'bytea',
  'json',
  'jsonb',
  'inet',
  'cidr',
  'macaddr',
]);

const bare = (type: string): string => type.replace(/\(\d+(,-?\d+)?\)/, '');

/** For values of this column; undefined if Debezium does not bring them whole. */
export function valueDecoder({
  type,
  kind,
  element,
  parts,
}: DecoderColumn): ValueDecoder | undefined {
  if (element !== null) {
    const whole =
      element.kind === 'base' || (element.kind === 'range' && builtinRanges.has(element.type));
    const decode =
      whole && wholeElements.has(bare(element.type)) ? scalarDecoder(element.type) : undefined;
    return decode && arrayDecoder(decode);
  }
  if (kind === 'enum') return (value) => (typeof value === 'string' ? value : undefined);
  if (
    kind === 'composite' ||
    kind === 'multirange' ||
    (kind === 'range' && !builtinRanges.has(type))
  )
    return parts.length > 0 && parts.every((part) => steadyParts.has(part))
      ? bytesOfText
      : undefined;
  return kind === 'base' || kind === 'range' ? scalarDecoder(type) : undefined;
}
