import { quoteIdentifier, quoteLiteral } from '../database/identifiers.ts';
import type { ColumnLink } from '../mapping/compiled-mapping.ts';

/** Begins the text of the conversion error by which SQL reports a value that the mapping cannot carry. */
export const unmappedMarker = 'strangler: no entry in values for';

/** The text that the stream would carry (a cast to text writes booleans and char(n) differently). */
export const outputText = (expression: string): string =>
  `CASE WHEN ${expression} IS NOT NULL THEN format('%s', ${expression}) END`;

/** `projectForward` or `projectBackward` of one column, in SQL. */
export function translated(
  expression: string,
  values: ReadonlyMap<string, string> | null,
  inverse: ReadonlyMap<string, string> | null,
): string {
  if (values === null || values.size === 0) return expression;
  const cases = [...values].map(
    ([from, to]) => `WHEN ${quoteLiteral(from)} THEN ${quoteLiteral(to)}`,
  );
  // Passing such a value unchanged would bring it back as another one. Not a constant, or the planner would raise it for every row.
  const images = [...(inverse?.keys() ?? [])].filter((image) => !values.has(image));
  const refusals = images.map(
    (image) =>
      `WHEN ${quoteLiteral(image)} THEN CAST(${quoteLiteral(`${unmappedMarker} `)} || format('%s', ${expression}) AS int)::text`,
  );
  return `CASE format('%s', ${expression}) ${[...cases, ...refusals].join(' ')} ELSE ${outputText(expression)} END`;
}

export const forwardColumn = (link: ColumnLink, alias = ''): string => {
  const column = `${alias}${quoteIdentifier(link.from)}`;
  return link.forward === null
    ? column
    : `CASE WHEN ${column} IS NOT NULL THEN ${translated(column, link.forward, link.backward)} END`;
};
