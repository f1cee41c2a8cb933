/** An OpenAPI document as far as it is compared: parsed JSON of somebody else, so nothing is taken for granted. */
export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const objectOf = (value: unknown): Json => (isObject(value) ? value : {});

export interface Operation {
  /** `GET /api/products/{}`: parameters have no names that a client sees. */
  readonly key: string;
  readonly parameters: readonly { readonly where: string; readonly required: boolean }[];
  /** By media type. */
  readonly body: Json;
  readonly bodyRequired: boolean;
  /** By status, then by media type. */
  readonly answers: Readonly<Record<string, Json>>;
}

/** Follows `#/…` references of one document. */
export function resolver(document: Json): (value: unknown) => Json {
  const resolve = (value: unknown, depth = 0): Json => {
    const schema = objectOf(value);
    if (typeof schema.$ref !== 'string' || depth > 20) return schema;
    const target = schema.$ref
      .replace(/^#\//, '')
      .split('/')
      .reduce<unknown>(
        (at, part) => objectOf(at)[part.replaceAll('~1', '/').replaceAll('~0', '~')],
        document,
      );
    return resolve(target, depth + 1);
  };
  return (value) => resolve(value);
}

const methods = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'];

export function operationsOf(document: Json): ReadonlyMap<string, Operation> {
  const resolve = resolver(document);
  const found = new Map<string, Operation>();
  for (const [path, item] of Object.entries(objectOf(document.paths)))
    for (const method of methods) {
      const described = objectOf(item)[method];
      if (!isObject(described)) continue;
      const key = `${method.toUpperCase()} ${path.replaceAll(/\{[^}]*\}/g, '{}')}`;
      const body = resolve(described.requestBody);
      found.set(key, {
        key,
        parameters: [objectOf(item).parameters, described.parameters]
          .flatMap((list) => (Array.isArray(list) ? list : []))
          .map(resolve)
          .filter((parameter) => parameter.in !== 'path')
          .map(({ in: place, name, required }) => ({
            where: `${String(place)} ${String(name)}`,
            required: required === true,
          })),
        body: objectOf(body.content),
        bodyRequired: body.required === true,
        answers: Object.fromEntries(
          Object.entries(objectOf(described.responses)).map(([status, answer]) => [
            status,
            objectOf(resolve(answer).content),
          ]),
        ),
      });
    }
  return found;
}
