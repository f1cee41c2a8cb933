import { STATUS_CODES } from 'node:http';
import type { CompiledRoute } from '@strangler-toolkit/plan';
import type { Credential } from '../record/credential.ts';
import { type Coverage, coverageOf, isDrafted, mediaType } from '../record/draft-pact.ts';
import { jsonOf } from '../record/json-values.ts';
import { plainRequest } from '../record/plain-request.ts';
import type { Answer, Recorded } from '../record/recorded-answers.ts';
import { coverageOfWrites, type Operated } from './recorded-writes.ts';
import { requestBodyOf } from './request-body.ts';
import { type Schema, schemaOf, type SchemaNote } from './schema-of.ts';

export interface DescribedAnswer {
  readonly route: string;
  /** Or `request body`. */
  readonly status: string;
  /** How many answers, or requests, it was drawn from. */
  readonly answers: number;
  readonly notes: readonly SchemaNote[];
}

export interface DraftDocument {
  readonly document: Readonly<Record<string, unknown>>;
  readonly described: readonly DescribedAnswer[];
  readonly coverage: readonly Coverage[];
}

type Paths = Record<string, Readonly<Record<string, Schema>>>;

/** OpenAPI 3.1 of what was asked and answered. What was not seen is not in it: whoever goes on from here has to add that. */
export function draftDocument({
  title,
  routes,
  exchanges,
  credential,
}: {
  readonly title: string;
  readonly routes: ReadonlyMap<CompiledRoute, readonly Recorded[]>;
  readonly exchanges: readonly Operated[];
  readonly credential?: Credential;
}): DraftDocument {
  const paths: Paths = {};
  const described: DescribedAnswer[] = [];
  const coverage: Coverage[] = [];
  let secured = false;
  for (const [route, recorded] of routes) {
    const ofRoute = exchanges.filter((exchange) => exchange.route === route);
    coverage.push((isDrafted(route) ? coverageOf : coverageOfWrites)(route, recorded, ofRoute));
    const { name, path } = route.definition;
    // A route for any method is several operations.
    const methods = [...new Set(ofRoute.map(({ method }) => method))];
    for (const method of methods) {
      const seen = ofRoute.filter((exchange) => exchange.method === method);
      const signedIn = seen.some((exchange) => exchange.signedIn);
      secured ||= signedIn;
      const template = templateOf(path);
      const operation = `${method} ${path}`;
      paths[template] = {
        ...paths[template],
        [method.toLowerCase()]: {
          operationId: methods.length === 1 ? name : `${name}-${method.toLowerCase()}`,
          ...parametersOf(path, seen),
          ...sentTo(operation, seen, described),
          responses: responsesOf(operation, seen, described),
          ...(signedIn && credential && { security: [namesOf(credential)] }),
        },
      };
    }
  }
  return {
    document: {
      openapi: '3.1.0',
      info: {
        title,
        version: '0.0.0-draft',
        description: 'Drawn from recorded traffic: what was answered, not what is promised.',
      },
      paths,
      ...(secured && credential && { components: { securitySchemes: schemesOf(credential) } }),
    },
    described,
    coverage,
  };
}

function sentTo(
  route: string,
  seen: readonly Operated[],
  described: DescribedAnswer[],
): { requestBody?: Schema } {
  const sent = requestBodyOf(seen);
  if (sent === undefined) return {};
  const { schema, requests, notes } = sent;
  described.push({ route, status: 'request body', answers: requests, notes });
  return { requestBody: schema };
}

const templateOf = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

function parametersOf(path: string, seen: readonly Operated[]): { parameters?: readonly Schema[] } {
  const words = path.split('/');
  const inPath = words.flatMap((word, index) => {
    if (!word.startsWith(':')) return [];
    const values = seen
      .filter(({ answer }) => answer.status < 400)
      .map(({ target }) => (target.split('?')[0] ?? '').split('/')[index] ?? '');
    return [{ name: word.slice(1), in: 'path', required: true, schema: parameterSchema(values) }];
  });
  const queries = new Map<string, string[]>();
  for (const { target } of seen)
    for (const [name, values] of Object.entries(plainRequest(target, path)?.query ?? {}))
      queries.set(name, [...(queries.get(name) ?? []), ...values]);
  const inQuery = [...queries].map(([name, values]) => ({
    name,
    in: 'query',
    schema: parameterSchema(values),
  }));
  const parameters = [...inPath, ...inQuery];
  return parameters.length === 0 ? {} : { parameters };
}

/** Its type only: what was asked are values of somebody. */
const parameterSchema = (values: readonly string[]): Schema =>
  values.length > 0 && values.every((value) => /^(?:0|[1-9]\d{0,17})$/.test(value))
    ? { type: 'integer' }
    : { type: 'string' };

function responsesOf(
  route: string,
  seen: readonly Operated[],
  described: DescribedAnswer[],
): Schema {
  const statuses = [...new Set(seen.map(({ answer }) => answer.status))].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => {
      const answers = seen.map(({ answer }) => answer).filter((each) => each.status === status);
      const notes: SchemaNote[] = [];
      const content = contentOf(answers, notes);
      described.push({ route, status: String(status), answers: answers.length, notes });
      return [
        String(status),
        {
          description: STATUS_CODES[status] ?? `status ${status}`,
          ...(answers.every(({ location }) => location !== undefined) && {
            headers: { Location: { schema: { type: 'string' } } },
          }),
          ...(Object.keys(content).length > 0 && { content }),
        },
      ];
    }),
  );
}

function contentOf(answers: readonly Answer[], notes: SchemaNote[]): Schema {
  const types = [...new Set(answers.map(mediaType))].filter((type) => type !== '');
  return Object.fromEntries(
    types.map((type) => {
      const texts = answers.filter((answer) => mediaType(answer) === type).map(({ body }) => body);
      const bodies = [...new Set(texts)].map((text) => jsonOf(text ?? ''));
      const read = bodies.filter((body) => body !== undefined);
      const isJson = /[/+]json$/.test(type) && read.length === bodies.length;
      return [type, isJson ? { schema: schemaOf(read, notes) } : {}];
    }),
  );
}

const namesOf = ({ headers }: Credential): Schema =>
  Object.fromEntries(Object.keys(headers).map((name) => [name, []]));

function schemesOf({ headers }: Credential): Schema {
  const schemeOf = (name: string, value: string): Schema => {
    const scheme = name === 'authorization' && /^(Basic|Bearer|Digest) /i.exec(value)?.[1];
    return scheme
      ? { type: 'http', scheme: scheme.toLowerCase() }
      : { type: 'apiKey', in: 'header', name };
  };
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, schemeOf(name, value)]),
  );
}
