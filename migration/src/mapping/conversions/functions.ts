import type { ValueFunctions } from '@strangler-toolkit/plan';
import { carries, isBuiltIn, withoutLength } from '../type-compatibility.ts';
import type { ConvertedColumn } from './bounds.ts';
import { type AnyWay, type Conversion, exactText, type ValueFunction } from './conversion.ts';

export interface FunctionPair {
  readonly functions: ValueFunctions;
  /** Of the context file. */
  readonly line: string;
  readonly columns: { readonly monolith: ConvertedColumn; readonly service: ConvertedColumn };
}

/** Types that one database made itself are not known to the other: their values are given and taken as text. */
const commonName = (type: string): string => (isBuiltIn(type) ? type : 'text');

/** As what the other side's database reads the text of a value; a length would cut it. */
export const givenType = (type: string): string => withoutLength(commonName(type));

/** A conversion whose two ways are SQL of the context file. Each value is tried there and back before it passes. */
export function functionPair({ functions, line, columns }: FunctionPair): Conversion {
  const { monolith, service } = columns;
  const forward = functionOf('forward', monolith.type, service.type);
  const reverse = functionOf('reverse', service.type, monolith.type);
  const after = `, which does not come back as it is by the functions of the mapping`;
  return {
    identity: JSON.stringify(['functions', functions.forward, functions.reverse]),
    forward: { ...wayOf(forward, reverse), ...refusalOf(monolith.name) },
    backward: { ...wayOf(reverse, forward), ...refusalOf(service.name) },
    takes: (types) =>
      carries(types.monolith, monolith.type) && carries(types.service, service.type),
    functions: [forward, reverse],
  };

  function functionOf(way: keyof ValueFunctions, from: string, to: string): ValueFunction {
    return {
      line: `${line}.functions.${way}`,
      expression: functions[way],
      takes: commonName(from),
      gives: commonName(to),
    };
  }
  function refusalOf(name: string) {
    return { code: 'VALUE_INEXACT', before: `${line}: ${name} is `, after } as const;
  }
}

/** The expression may end in a comment, which must not swallow the rest. */
const callOf = ({ expression, takes, gives }: ValueFunction, value: string): string =>
  `(SELECT CAST((${expression}\n) AS ${gives}) FROM (SELECT ${isText(takes) ? textOf(value) : value} AS value) AS given)`;

const isText = (type: string): boolean => type === 'text';
/** Also of an enum, which is no text to a function. */
const textOf = (value: string): string => `format('%s', ${value})`;

const [given, there, back] = ['"strangler given"', '"strangler there"', '"strangler back"'];

function wayOf(own: ValueFunction, inverse: ValueFunction): AnyWay {
  return {
    text: null,
    // by CASE, for nothing else keeps NULL from the inverse
    exact: (column) =>
      `(SELECT ${back} IS NOT NULL AND ${exactText(back)} = ${exactText(given)} FROM (` +
      `SELECT ${given}, CASE WHEN ${there} IS NOT NULL THEN ${callOf(inverse, there)} END AS ${back} ` +
      `FROM (SELECT ${column} AS ${given}, ${callOf(own, column)} AS ${there}) AS forth) AS returned)`,
    sql: (column) => callOf(own, column),
    type: withoutLength(own.gives),
    problem: 'does not come back',
  };
}
