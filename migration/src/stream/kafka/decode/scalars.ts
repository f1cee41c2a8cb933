import { bitText } from './bits.ts';
import { float4Text, float8Text } from './floats.ts';
import { hstoreText } from './hstore.ts';
import { intervalText } from './intervals.ts';
import { dateText, timestampText, timestamptzText, timeText } from './times.ts';

/** PostgreSQL's text of a value that is not null; undefined when the value has not the form that its type has. */
export type ValueDecoder = (value: unknown) => string | undefined;

const text: ValueDecoder = (value) => (typeof value === 'string' ? value : undefined);
// An integer that a double cannot hold came as its digits.
const integer: ValueDecoder = (value) =>
  typeof value === 'number'
    ? Number.isSafeInteger(value)
      ? String(value)
      : undefined
    : typeof value === 'string' && /^-?\d+$/.test(value)
      ? value
      : undefined;
const float =
  (print: (value: number) => string): ValueDecoder =>
  (value) =>
    typeof value === 'number'
      ? print(value)
      : value === 'NaN' || value === 'Infinity' || value === '-Infinity'
        ? value
        : undefined;
const float8 = float(float8Text);
const boolean: ValueDecoder = (value) => (value === true ? 't' : value === false ? 'f' : undefined);
const days: ValueDecoder = (value) => (typeof value === 'number' ? dateText(value) : undefined);
const time: ValueDecoder = (value) => (typeof value === 'number' ? timeText(value) : undefined);
const timestamp: ValueDecoder = (value) =>
  typeof value === 'number' || (typeof value === 'string' && /^-?\d+$/.test(value))
    ? timestampText(value)
    : undefined;
const timestamptz: ValueDecoder = (value) =>
  typeof value === 'string' ? timestamptzText(value) : undefined;
const interval: ValueDecoder = (value) =>
  typeof value === 'string' ? intervalText(value) : undefined;
const hstore: ValueDecoder = (value) =>
  typeof value === 'string' && value.startsWith('{') ? hstoreText(value) : undefined;

const digits = /^-?\d+(\.\d+)?$/;
const numeric: ValueDecoder = (value) => {
  if (typeof value !== 'string') return undefined;
  if (digits.test(value)) return value;
  return value === 'NAN'
    ? 'NaN'
    : value === 'POSITIVE_INFINITY'
      ? 'Infinity'
      : value === 'NEGATIVE_INFINITY'
        ? '-Infinity'
        : undefined;
};
/** numeric(5,-2): its values have no fraction, Debezium gives them one of 2046 zeros. */
const rounded: ValueDecoder = (value) => {
  const decoded = numeric(value);
  const point = decoded?.indexOf('.') ?? -1;
  return point === -1 ? decoded : decoded?.slice(0, point);
};

const hexDigits = /^[0-9a-f]*$/;
const isHex = (value: unknown): value is string =>
  typeof value === 'string' && value.length % 2 === 0 && hexDigits.test(value);
const bytea: ValueDecoder = (value) => (isHex(value) ? `\\x${value}` : undefined);
/** Types that Debezium does not know come as the bytes of their text. */
export const bytesOfText: ValueDecoder = (value) =>
  isHex(value) ? Buffer.from(value, 'hex').toString('utf8') : undefined;

const bit: ValueDecoder = (value) => (value === true ? '1' : value === false ? '0' : undefined);
const bits =
  (length: number): ValueDecoder =>
  (value) =>
    typeof value === 'string' ? bitText(value, length) : undefined;

const isPoint = (value: unknown): value is { readonly x: unknown; readonly y: unknown } =>
  typeof value === 'object' && value !== null && 'x' in value && 'y' in value;
const point: ValueDecoder = (value) => {
  const [x, y] = isPoint(value) ? [float8(value.x), float8(value.y)] : [];
  return x === undefined || y === undefined ? undefined : `(${x},${y})`;
};

// The bounds are in the zone of the connector's JVM; most run in UTC.
const bounds = /^[[(](?:"[^"]*\+00(?: BC)?"|-?infinity)?,(?:"[^"]*\+00(?: BC)?"|-?infinity)?[\])]$/;
const tstzrange: ValueDecoder = (value) =>
  typeof value === 'string' && (value === 'empty' || bounds.test(value)) ? value : undefined;

const each = (
  decoder: ValueDecoder,
  ...names: readonly string[]
): readonly [string, ValueDecoder][] => names.map((name) => [name, decoder]);

const byName = new Map<string, ValueDecoder>([
  ...each(integer, 'smallint', 'integer', 'bigint', 'oid'),
  ...each(float(float4Text), 'real'),
  ...each(float8, 'double precision'),
  ...each(numeric, 'numeric'),
  ...each(boolean, 'boolean'),
  ...each(
    text,
    'text',
    'character varying',
    'character',
    'bpchar',
    '"char"',
    'name',
    'json',
    'jsonb',
    'xml',
    'uuid',
    'inet',
    'cidr',
    'macaddr',
    'macaddr8',
    'tsvector',
    'citext',
    'ltree',
  ),
  ...each(text, 'int4range', 'int8range', 'numrange', 'daterange', 'tsrange'),
  ...each(tstzrange, 'tstzrange'),
  ...each(
    bytesOfText,
    'jsonpath',
    'pg_lsn',
    'xid',
    'xid8',
    'cid',
    'tid',
    'txid_snapshot',
    'pg_snapshot',
    'tsquery',
    'refcursor',
    'regclass',
    'regtype',
    'regproc',
    'regprocedure',
    'regoper',
    'regoperator',
    'regconfig',
    'regdictionary',
    'regnamespace',
    'regrole',
    'regcollation',
  ),
  ...each(days, 'date'),
  ...each(time, 'time without time zone'),
  ...each(timestamp, 'timestamp without time zone'),
  ...each(timestamptz, 'timestamp with time zone'),
  ...each(interval, 'interval'),
  ...each(bytea, 'bytea'),
  ...each(hstore, 'hstore'),
  ...each(point, 'point'),
  ['bit(1)', bit],
]);

/** For the `format_type` text of a type; undefined for those whose values do not come whole. */
export function scalarDecoder(type: string): ValueDecoder | undefined {
  const exact = byName.get(type);
  if (exact !== undefined) return exact;
  const length = /^bit\((\d+)\)$/.exec(type)?.[1];
  if (length !== undefined) return bits(Number(length));
  if (/^numeric\(\d+,-\d+\)$/.test(type)) return rounded;
  // Without the modifier: numeric(10,2), timestamp(3) without time zone, interval day to second(3).
  const bare = type.replace(/\(\d+(,\d+)?\)/, '');
  return byName.get(bare.startsWith('interval ') ? 'interval' : bare);
}
