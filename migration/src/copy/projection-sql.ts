import { codeOf, type Side, StranglerError } from '@strangler-toolkit/plan';
import { quoteIdentifier, quoteLiteral } from '../database/identifiers.ts';
import type { ColumnLink } from '../mapping/compiled-mapping.ts';
import {
  type AnyWay,
  type Conversion,
  exactText,
  type Refusal,
} from '../mapping/conversions/conversion.ts';

/** Begins the text of the conversion error by which SQL reports a value that the mapping cannot carry; its code follows. */
const refusalMarker = 'strangler refuses ';

/** @returns undefined for an error that says something else */
export function refusalOf(error: unknown): StranglerError | undefined {
  if (codeOf(error) !== '22P02' || !(error instanceof Error)) return undefined;
  const [, code = '', refusal] =
    new RegExp(`${refusalMarker}([A-Z_]+): (.*)"$`, 's').exec(error.message) ?? [];
  return refusal === undefined
    ? undefined
    : new StranglerError(code === 'CONFIG_INVALID' ? code : 'VALUE_INEXACT', refusal, {
        cause: error,
        details: { data: true },
      });
}

/** The text that the stream would carry (a cast to text writes booleans and char(n) differently). */
export const outputText = (expression: string): string =>
  `CASE WHEN ${expression} IS NOT NULL THEN format('%s', ${expression}) END`;

/** `projectForward` of one column, in SQL. */
export const forwardColumn = (link: ColumnLink, alias = ''): string => {
  const column = `${alias}${quoteIdentifier(link.from)}`;
  return link.conversion === null ? column : converted(column, link.conversion.forward);
};

/** A value without an exact way back raises an error that names it. */
export function converted(column: string, way: AnyWay & Refusal): string {
  const exact = way.exact?.(column);
  // Not a constant, or the planner would raise it for every row.
  const [before, after] = [`${refusalMarker}${way.code}: ${way.before}'`, `'${way.after}`];
  const refused = `CAST(${quoteLiteral(before)} || format('%s', ${column}) || ${quoteLiteral(after)} AS int)`;
  const value =
    exact === undefined
      ? way.sql(column)
      : `CASE WHEN ${exact} THEN ${way.sql(column)} ELSE CAST(${refused}::text AS ${way.type}) END`;
  return `CASE WHEN ${column} IS NOT NULL THEN ${value} END`;
}

/** Begins the text of a value that the mapping cannot carry where both sides' texts are compared. */
export const inexactMark = 'not convertible: ';

/** The text of the other side's value, of a value that does not pass its own text behind a mark; never an error. */
export function convertedText(column: string, way: AnyWay): string {
  const exact = way.exact?.(column);
  const text = way.mayBeNull ? outputText(way.sql(column)) : `format('%s', ${way.sql(column)})`;
  const value =
    exact === undefined
      ? text
      : `CASE WHEN ${exact} THEN ${text} ELSE ${quoteLiteral(inexactMark)} || format('%s', ${column}) END`;
  return `CASE WHEN ${column} IS NOT NULL THEN ${value} END`;
}

/** Whether a side's value (not NULL) becomes one of the other side that comes back as it was. */
export function convertedBack(column: string, conversion: Conversion | null, side: Side): string {
  if (conversion === null) return 'true';
  const [there, back] =
    side === 'monolith'
      ? [conversion.forward, conversion.backward]
      : [conversion.backward, conversion.forward];
  // it looks at the way back itself
  if (there.text === null)
    return `(CASE WHEN ${there.exact?.(column) ?? 'true'} THEN true ELSE false END)`;
  const returns = `${exactText(back.sql(`(${there.sql(column)})`))} = ${exactText(column)}`;
  const exact = there.exact?.(column);
  return exact === undefined
    ? `(${returns})`
    : `(CASE WHEN ${exact} THEN ${returns} ELSE false END)`;
}
