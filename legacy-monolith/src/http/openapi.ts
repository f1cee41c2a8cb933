/** Small words for the OpenAPI document, which each module writes for its own routes. */
export type Schema = Readonly<Record<string, unknown>>;

export const text: Schema = { type: 'string' };
export const whole: Schema = { type: 'integer' };
export const flag: Schema = { type: 'boolean' };
export const id: Schema = {
  type: 'string',
  pattern: '^[0-9]+$',
  description: 'a 64-bit number as a string',
};
export const money: Schema = { type: 'string', pattern: '^-?[0-9]+\\.[0-9]{2}$' };
export const stamp: Schema = { type: 'string', format: 'date-time' };
export const day: Schema = { type: 'string', format: 'date' };
export const uuid: Schema = { type: 'string', format: 'uuid' };
export const anyObject: Schema = { type: 'object' };

export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
export const list = (items: Schema): Schema => ({ type: 'array', items });
export const oneOf = (...values: readonly string[]): Schema => ({ type: 'string', enum: values });
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
/** All properties are there, and no others. */
export const object = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
/** For request bodies: all may be absent but the named ones. */
export const input = (
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema => ({ type: 'object', properties, ...(required.length > 0 ? { required } : {}) });

type Answer = Schema | { readonly content: string } | null;
interface Operation {
  readonly summary: string;
  /** 'user' or 'staff' need a bearer token, 'session' the cookie of the back office, 'visitor' that of the customers' pages. */
  readonly for?: 'user' | 'staff' | 'session' | 'visitor';
  readonly query?: Readonly<Record<string, Schema>>;
  readonly body?: Schema;
  readonly upload?: string;
  readonly form?: readonly string[];
  /** By status: a JSON schema, another content type, or null for an empty answer. */
  readonly answers: Readonly<Record<number, Answer>>;
}
export type ModulePaths = Readonly<Record<string, Operation>>;
export interface ModuleDocument {
  readonly module: string;
  /** `GET /api/products/{id}` → operation. */
  readonly paths: ModulePaths;
  readonly schemas?: Readonly<Record<string, Schema>>;
}

const simpleError = object({ error: text });
const isContent = (answer: Answer): answer is { readonly content: string } =>
  answer !== null && typeof answer.content === 'string';
const contentOf = (answer: Answer): object => {
  if (answer === null) return {};
  return isContent(answer)
    ? { content: { [answer.content]: { schema: { type: 'string' } } } }
    : { content: { 'application/json': { schema: answer } } };
};

function requestBody({ body, upload, form }: Operation): object {
  if (body) return { requestBody: { content: { 'application/json': { schema: body } } } };
  if (upload)
    return {
      requestBody: {
        content: {
          'multipart/form-data': {
            schema: input({ [upload]: { type: 'string', format: 'binary' }, alt_text: text }, [
              upload,
            ]),
          },
        },
      },
    };
  if (form)
    return {
      requestBody: {
        content: {
          'application/x-www-form-urlencoded': {
            schema: input(Object.fromEntries(form.map((name) => [name, text]))),
          },
        },
      },
    };
  return {};
}

function describe(module: string, path: string, operation: Operation): object {
  const answers = {
    ...(operation.for === 'user' || operation.for === 'staff' ? { 401: simpleError } : {}),
    ...(operation.for === 'staff' ? { 403: simpleError } : {}),
    ...operation.answers,
  };
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: text,
    })),
    ...Object.entries(operation.query ?? {}).map(([name, schema]) => ({
      name,
      in: 'query',
      schema,
    })),
  ];
  return {
    tags: [module],
    summary: operation.summary,
    ...(operation.for
      ? {
          security: [
            operation.for === 'session' || operation.for === 'visitor'
              ? { [operation.for]: [] }
              : { bearer: [] },
          ],
        }
      : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...requestBody(operation),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, answer]) => [
        status,
        { description: `answer ${status}`, ...contentOf(answer) },
      ]),
    ),
  };
}

export function openApiDocument(modules: readonly ModuleDocument[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const { module, paths: operations } of modules) {
    for (const [key, operation] of Object.entries(operations)) {
      const [method = '', path = ''] = key.split(' ');
      paths[path] = { ...paths[path], [method.toLowerCase()]: describe(module, path, operation) };
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'The shop',
      version: '8.4.0',
      description: 'A bearer token that is wrong is answered with 401 on every route.',
    },
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'shop_session' },
        visitor: { type: 'apiKey', in: 'cookie', name: 'sid' },
      },
      schemas: Object.assign({}, ...modules.map(({ schemas }) => schemas ?? {})),
    },
  };
}
