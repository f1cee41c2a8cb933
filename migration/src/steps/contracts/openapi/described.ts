import { isObject, type Json } from './document.ts';

export type Describes = (name: string) => boolean;

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Whether a schema, or a part that it is composed of, says something of a property. */
export function describedBy(schema: unknown, resolve: (value: unknown) => Json): Describes {
  const seen = new Set<Json>();
  const names = new Set<string>();
  let further = false;
  const walk = (part: unknown): void => {
    const said = resolve(part);
    if (seen.has(said)) return;
    seen.add(said);
    if (isObject(said.properties)) for (const name of Object.keys(said.properties)) names.add(name);
    further ||= isObject(said.additionalProperties) || said.additionalProperties === true;
    for (const each of [said.allOf, said.anyOf, said.oneOf].flatMap(listOf)) walk(each);
  };
  walk(schema);
  return (name) => further || names.has(name);
}
