type Constants = Readonly<Record<string, string | null>>;

/**
 * Of mappings that fill one table of the service: the columns whose constants tell from which of them a row is. Empty where two
 * of them cannot be told apart.
 */
export function tellingApart(mappings: readonly Constants[]): readonly string[] {
  const columns = Object.keys(mappings[0] ?? {}).filter(
    (column) =>
      mappings.every((constants) => typeof constants[column] === 'string') &&
      mappings.some((constants) => constants[column] !== mappings[0]?.[column]),
  );
  const told = mappings.map((constants) => JSON.stringify(columns.map((name) => constants[name])));
  return new Set(told).size === mappings.length ? columns : [];
}
