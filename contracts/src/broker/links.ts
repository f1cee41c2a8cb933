export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;
export const listOf = (value: unknown): readonly Json[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

/** Where a HAL document leads: its one link of that relation, or the one of that name where it has several. */
export function linkOf(document: Json, relation: string, name?: string): string | undefined {
  const links = isObject(document._links) ? document._links[relation] : undefined;
  const several = isObject(links) ? [links] : listOf(links);
  const link = several.find((one) => name === undefined || one.name === name);
  return textOf(link?.href);
}

/** A templated link with its variables filled in, each as one segment of a path whatever it contains. */
export const expand = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    values[name] === undefined ? whole : encodeURIComponent(values[name]),
  );
