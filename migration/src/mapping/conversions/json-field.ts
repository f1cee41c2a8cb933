import { type BySide, type Side, StranglerError } from '@strangler-toolkit/plan';
import { quoteLiteral } from '../../database/identifiers.ts';
import { parseType, withoutLength } from '../type-compatibility.ts';
import type { ConvertedColumn } from './bounds.ts';
import type { AnyWay, Conversion } from './conversion.ts';

export interface FieldConversion {
  /** Whose column holds the JSON. */
  readonly side: Side;
  readonly path: readonly string[];
  /** Of the context file. */
  readonly line: string;
  readonly columns: BySide<ConvertedColumn>;
}

const bits: Readonly<Record<string, number>> = { smallint: 15, integer: 31, bigint: 63 };

/** What a field (not missing) must be to come back from a column of the type as it was; null: anything. */
function fits(type: string): ((field: string) => string) | null {
  const { base, modifier } = parseType(type);
  const is = (kind: string, field: string): string => `jsonb_typeof(${field}) = '${kind}'`;
  const text = (field: string): string => `(${field} #>> '{}')`;
  const width = bits[base];
  // by CASE, for AND promises no order
  const number = (field: string, which: string): string =>
    `CASE WHEN ${is('number', field)} THEN ${which} ELSE false END`;
  if (width !== undefined)
    return (field) => {
      const value = `${text(field)}::numeric`;
      return number(
        field,
        `scale(${value}) = 0 AND ${value} BETWEEN -(2::numeric ^ ${width}) AND 2::numeric ^ ${width} - 1`,
      );
    };
  if (base === 'numeric' && modifier === null) return (field) => is('number', field);
  if (base === 'numeric')
    return (field) => {
      const [precision = '0', scale = '0'] = (modifier ?? '').split(',');
      const value = `${text(field)}::numeric`;
      return number(
        field,
        `scale(${value}) = ${scale} AND abs(${value}) < 10::numeric ^ ${Number(precision) - Number(scale)}`,
      );
    };
  if (base === 'boolean') return (field) => is('boolean', field);
  if (base === 'jsonb') return null;
  return (field) =>
    modifier === null
      ? is('string', field)
      : `(${is('string', field)} AND length(${text(field)}) <= ${modifier})`;
}

const plain = new Set([
  'text',
  'character varying',
  'boolean',
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'jsonb',
]);
const isPlain = (type: string): boolean =>
  !parseType(type).array && plain.has(parseType(type).base);

export const pathLiteral = (path: readonly string[]): string =>
  `ARRAY[${path.map(quoteLiteral).join(', ')}]::text[]`;

/** @throws StranglerError CONFIG_INVALID when the columns are not such */
export function fieldOfJson({ side, path, line, columns }: FieldConversion): Conversion {
  const { monolith, service } = columns;
  const [json, column] = side === 'monolith' ? [monolith, service] : [service, monolith];
  if (json.type !== 'jsonb' || !isPlain(column.type)) throw refusal(line, json, column);
  const read = (field: string): string => {
    const base = withoutLength(column.type);
    return base === 'jsonb' ? field : `CAST((${field} #>> '{}') AS ${base})`;
  };
  const fit = fits(column.type);
  const get: AnyWay = {
    text: null,
    mayBeNull: true,
    exact: (document) => {
      const field = `(${document} #> ${pathLiteral(path)})`;
      const around = path.map((_, depth) => {
        const outer =
          depth === 0 ? document : `${document} #> ${pathLiteral(path.slice(0, depth))}`;
        return `coalesce(jsonb_typeof(${outer}), 'null') IN ('object', 'null')`;
      });
      const good = fit === null ? [] : [`(${field} IS NULL OR ${fit(field)})`];
      return `(${[...around, ...good].join(' AND ')})`;
    },
    sql: (document) => read(`(${document} #> ${pathLiteral(path)})`),
    type: withoutLength(column.type),
    problem: 'holds another thing there',
  };
  const set: AnyWay = {
    text: null,
    exact:
      parseType(column.type).base === 'numeric'
        ? (value) => `jsonb_typeof(to_jsonb(${value})) = 'number'`
        : null,
    sql: (value) => `to_jsonb(${value})`,
    type: 'jsonb',
    problem: 'is no number of JSON',
  };
  const there = `its field ${path.join('.')}`;
  const taken = {
    code: 'VALUE_INEXACT',
    before: `${line}: ${json.name} `,
    after: ` holds something in ${there} that ${column.name} (${column.type}) would not bring back as it is`,
  } as const;
  const given = {
    code: 'VALUE_INEXACT',
    before: `${line}: ${column.name} `,
    after: ` has no form in JSON that ${there} of ${json.name} would bring back as it is`,
  } as const;
  const [reading, writing] = [
    { ...get, ...taken },
    { ...set, ...given },
  ];
  return {
    identity: JSON.stringify(['field', side, ...path]),
    ...(side === 'monolith'
      ? { forward: reading, backward: writing }
      : { forward: writing, backward: reading }),
    takes: (types) =>
      types[side] === 'jsonb' && isPlain(types[side === 'monolith' ? 'service' : 'monolith']),
    field: { side, path, read },
  };
}

function refusal(line: string, json: ConvertedColumn, column: ConvertedColumn): StranglerError {
  const isText = parseType(json.type).base === 'json';
  return new StranglerError(
    'CONFIG_INVALID',
    `${line}: a field of ${json.name} (${json.type}) cannot be ${column.name} (${column.type})`,
    {
      remedy:
        json.type === 'jsonb'
          ? 'Give the column the type text, varchar, boolean, smallint, integer, bigint, numeric or jsonb.'
          : isText
            ? 'json keeps its text as it was written (blanks, order, keys that come twice), which a write of one field would ' +
              `not: ALTER … ${json.name} TYPE jsonb.`
            : 'Only jsonb has fields.',
      details: { from: json.type, to: column.type },
    },
  );
}
