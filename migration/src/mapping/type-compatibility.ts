/**
 * A value travels as text in both directions, so a pair of types is fine when each parses what the other prints and the
 * value comes back the same. The wider type of the pair is the one to compare in.
 */
const integers = ['smallint', 'integer', 'bigint', 'numeric'];
const builtIn = new Set([
  ...integers,
  'boolean',
  'real',
  'double precision',
  'money',
  'date',
  'interval',
  'uuid',
  'bytea',
  'json',
  'jsonb',
  'xml',
  'oid',
  '"char"',
  'name',
  'inet',
  'cidr',
  'macaddr',
  'macaddr8',
  'bit',
  'bit varying',
  'point',
  'line',
  'lseg',
  'box',
  'path',
  'polygon',
  'circle',
  'tsvector',
  'tsquery',
  'text',
  'character varying',
  'character',
  'pg_lsn',
  'time without time zone',
  'time with time zone',
  'timestamp without time zone',
  'timestamp with time zone',
  'int4range',
  'int8range',
  'numrange',
  'tsrange',
  'tstzrange',
  'daterange',
]);
const textual = new Set(['text', 'character varying', 'character']);
/** Types whose printed form inside a text column is exactly what PostgreSQL prints for the type itself. */
const printsAsText = new Set(['smallint', 'integer', 'bigint', 'uuid', 'date', 'inet', 'macaddr']);

interface ParsedType {
  readonly base: string;
  readonly modifier: string | null;
  readonly array: boolean;
}

export function parseType(type: string): ParsedType {
  const array = type.endsWith('[]');
  const element = array ? type.slice(0, -2) : type;
  // 'timestamp(3) with time zone' keeps its modifier in the middle
  const match = /^(.*?)\(([^)]*)\)(.*)$/.exec(element);
  return match
    ? { base: `${match[1] ?? ''}${match[3] ?? ''}`, modifier: match[2] ?? null, array }
    : { base: element, modifier: null, array };
}

const scaleOf = (modifier: string): string => modifier.split(',')[1] ?? '0';

/** The type to compare in, or null when the two cannot carry each other's values. */
export function commonType(from: string, to: string): string | null {
  if (from === to) return from;
  const left = parseType(from);
  const right = parseType(to);
  if (left.array !== right.array) return null;
  const base = commonBase(left, right);
  return base === null ? null : left.array ? `${base}[]` : base;
}

/** Whether every value of the first type, as text, is one of the second. */
export function carries(from: string, to: string): boolean {
  if (commonType(from, to) === null) return false;
  return !textual.has(parseType(from).base) || textual.has(parseType(to).base);
}

function commonBase(left: ParsedType, right: ParsedType): string | null {
  const a = left.base;
  const b = right.base;
  if (a === 'numeric' && b === 'numeric') {
    if (left.modifier === null || right.modifier === null) return 'numeric';
    return scaleOf(left.modifier) === scaleOf(right.modifier) ? 'numeric' : null;
  }
  if (a === b) return a;
  if (integers.includes(a) && integers.includes(b)) {
    const fraction = [left, right].some(
      (type) => type.base === 'numeric' && type.modifier !== null && scaleOf(type.modifier) !== '0',
    );
    return fraction ? null : (integers[Math.max(integers.indexOf(a), integers.indexOf(b))] ?? null);
  }
  if (textual.has(a) && textual.has(b)) return 'text';
  if (textual.has(a) || textual.has(b)) {
    const other = textual.has(a) ? b : a;
    return printsAsText.has(other) || !builtIn.has(other) ? 'text' : null;
  }
  if (a.startsWith('timestamp') && b.startsWith('timestamp')) return 'timestamp with time zone';
  if ((a === 'json' && b === 'jsonb') || (a === 'jsonb' && b === 'json')) return 'jsonb';
  // enums and domains of the two databases have names of their own
  return !builtIn.has(a) && !builtIn.has(b) ? 'text' : null;
}

/** Whether every database knows the type, or that of the array's elements. */
export const isBuiltIn = (type: string): boolean => builtIn.has(parseType(type).base);

/** What takes a value of any length: an explicit cast to varchar(3) would cut it silently. */
export function withoutLength(type: string): string {
  const { base, array } = parseType(type);
  // without a length these two mean a length of one
  const open = base === 'character' ? 'bpchar' : base === 'bit' ? 'bit varying' : base;
  return array ? `${open}[]` : open;
}
