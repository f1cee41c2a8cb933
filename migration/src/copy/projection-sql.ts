import type { Side } from '@strangler-toolkit/plan';
import { quoteIdentifier, quoteLiteral } from '../database/identifiers.ts';
import type { ColumnLink } from '../mapping/compiled-mapping.ts';
import {
  type Conversion,
  exactText,
  type Refusal,
  type Way,
} from '../mapping/conversions/conversion.ts';

/** Begins the text of the conversion error by which SQL reports a value that the mapping cannot carry; its code follows. */
export const refusalMarker = 'strangler refuses ';

/** The text that the stream would carry (a cast to text writes booleans and char(n) differently). */
export const outputText = (expression: string): string =>
  `CASE WHEN ${expression} IS NOT NULL THEN format('%s', ${expression}) END`;

/** `projectForward` of one column, in SQL. */
export const forwardColumn = (link: ColumnLink, alias = ''): string => {
  const column = `${alias}${quoteIdentifier(link.from)}`;
  return link.conversion === null ? column : converted(column, link.conversion.forward);
};

/** A value without an exact way back raises an error that names it. */
function converted(column: string, way: Way & Refusal): string {
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
export function convertedText(column: string, way: Way): string {
  const exact = way.exact?.(column);
  const text = `format('%s', ${way.sql(column)})`;
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
  const returns = `${exactText(back.sql(`(${there.sql(column)})`))} = ${exactText(column)}`;
  const exact = there.exact?.(column);
  return exact === undefined
    ? `(${returns})`
    : `(CASE WHEN ${exact} THEN ${returns} ELSE false END)`;
}
