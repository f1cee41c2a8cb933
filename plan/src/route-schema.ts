import { z } from 'zod';
import { httpMethods } from './migration.ts';
import { listOf, nonEmpty, number, oneOf, recordOf, strict, text } from './schema-words.ts';
import { neverForwarded } from './withheld-headers.ts';

const PARAMETER = /^:[A-Za-z_][A-Za-z0-9_]*$/;
const routePath = text.superRefine((path, context) => {
  const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
  if (!path.startsWith('/')) return refuse('must start with "/"');
  if (/[?#]/.test(path)) return refuse('must not hold a query or fragment');
  if (path !== '/' && path.endsWith('/')) return refuse('must not end with "/"');
  const segments = path.slice(1).split('/');
  if (path !== '/' && segments.some((segment) => segment === ''))
    return refuse('must not hold an empty segment ("//")');
  if (segments.some((segment) => segment === '.' || segment === '..'))
    return refuse('must not hold "." or ".." segments');
  if (path.includes('%')) return refuse('must not hold percent-encoded characters');
  const named = segments.at(-1) === '**' ? segments.slice(0, -1) : segments;
  const wrong = named.find(
    (segment) => /[:*()[\]{}\s\\]/.test(segment) && !PARAMETER.test(segment),
  );
  if (wrong !== undefined)
    return refuse(
      `has a segment ${JSON.stringify(wrong)} that is neither plain text nor a parameter such as ":id"`,
    );
  const parameters = segments.filter((segment) => segment.startsWith(':'));
  if (new Set(parameters).size !== parameters.length) refuse('names a parameter twice');
});

const jsonPointer = text.refine(
  (value) => value === '' || value.startsWith('/'),
  'must be a JSON pointer that starts with "/"',
);
const ignorable = text.refine(
  (value) => value === '' || value.startsWith('/') || /^header:[A-Za-z0-9-]+(\/.+)?$/.test(value),
  'must be a JSON pointer that starts with "/", or "header:<name>"',
);
const routeName = text
  .refine(
    (value) => /^[A-Za-z][A-Za-z0-9_-]*$/.test(value),
    'must begin with a letter and hold only letters, digits, "-" and "_"',
  )
  .refine((value) => value !== 'kill', 'must not be "kill": that is the flag of the kill switch');

const SELECTOR =
  /^(?:[a-z][a-z0-9-]*|[#.][\w-]+|\[[\w:-]+(?:=(?:"[^"]*"|[\w:-]+))?\])(?:[#.][\w-]+|\[[\w:-]+(?:=(?:"[^"]*"|[\w:-]+))?\])*(?:@[\w:-]+)?$/i;
const compiles = (pattern: string): boolean => {
  try {
    return new RegExp(pattern, 'g').source !== '';
  } catch {
    return false;
  }
};
const mask = strict({
  preset: oneOf(['csrf', 'nonce', 'build', 'time']).optional(),
  pattern: nonEmpty.refine(compiles, 'must be a regular expression').optional(),
  selector: text
    .refine(
      (value) => SELECTOR.test(value),
      'must be one element such as "p#total", "input[name=token]@value" or ".clock"',
    )
    .optional(),
  reason: nonEmpty,
}).refine(
  ({ preset, pattern, selector }) =>
    [preset, pattern, selector].filter((way) => way !== undefined).length === 1,
  'must have one of preset, pattern and selector',
);

const values = <T extends z.ZodType<string>>(value: T) =>
  z.union([value, listOf(value).min(1, 'must not be empty')], {
    error: 'must be a string or a list of strings',
  });
const hostName = text.refine(
  (value) => /^[\w-]+(?:\.[\w-]+)*$|^\[[\da-f:]+\]$/i.test(value),
  'must be a host name without scheme and port',
);
// a value with surrounding blanks never comes out of a header line
const headerValue = nonEmpty.refine(
  (value) => value === value.trim(),
  'must not begin or end with a blank',
);
const when = strict({
  host: values(hostName).optional(),
  headers: recordOf(values(headerValue)).optional(),
  query: recordOf(values(text)).optional(),
}).superRefine(({ host, headers = {}, query = {} }, context) => {
  const refuse = (message: string, path: PropertyKey[] = []): void =>
    context.addIssue({ code: 'custom', message, path });
  const names = Object.keys(headers);
  if (host === undefined && names.length === 0 && Object.keys(query).length === 0)
    return refuse('must have host, headers or query');
  for (const name of names) {
    if (!/^[A-Za-z0-9-]+$/.test(name))
      refuse('must be the name of a header: letters, digits and "-"', ['headers', name]);
    else if (name.toLowerCase() === 'host') refuse('is said by "when.host"', ['headers', name]);
    else if (neverForwarded(name.toLowerCase()))
      refuse('ends at the facade: the application never sees it', ['headers', name]);
    else if (names.some((other) => other !== name && other.toLowerCase() === name.toLowerCase()))
      refuse('is named twice', ['headers', name]);
  }
  if ('' in query) refuse('must have a name', ['query', '']);
});

const graphqlName = text.refine(
  (value) => /^[A-Za-z_]\w*$/.test(value),
  'must be a name of GraphQL: letters, digits and "_"',
);
const graphqlNames = (what: z.ZodType<string>) => listOf(what).min(1, 'must not be empty');
const graphql = strict({
  fields: graphqlNames(
    graphqlName.refine(
      (value) => !value.startsWith('__'),
      'is introspection: it belongs to nobody, the monolith answers it',
    ),
  ).optional(),
  operations: graphqlNames(graphqlName).optional(),
  type: oneOf(['query', 'mutation', 'subscription']).optional(),
}).refine(
  ({ fields, operations }) => fields !== undefined || operations !== undefined,
  'must have fields or operations',
);

const plainRoute = strict({
  name: routeName,
  method: z.enum([...httpMethods, 'ANY'], {
    error: (issue) =>
      issue.input === undefined
        ? 'is missing'
        : `must be a method such as GET or PROPFIND, or ANY (is ${JSON.stringify(issue.input)})`,
  }),
  path: routePath,
  when: when.optional(),
  graphql: graphql.optional(),
  kind: oneOf(['read', 'write']),
  compare: strict({
    ignore: listOf(strict({ path: ignorable, reason: nonEmpty })).optional(),
    unordered: listOf(jsonPointer).optional(),
    show: listOf(ignorable).optional(),
    redact: listOf(jsonPointer).optional(),
    headers: listOf(nonEmpty).optional(),
    numbers: oneOf(['value', 'text']).optional(),
    masks: listOf(mask).optional(),
  }).optional(),
  timeoutMs: number('integer', 1).optional(),
  rampCeiling: number('integer', 1, 100_000).optional(),
  pinRefused: z.boolean({ error: 'must be true or false' }).optional(),
});

/** A GraphQL route says with its kind what its type must be. */
export const route = plainRoute.superRefine(({ method, kind, graphql: asked }, context) => {
  if (!asked) return;
  const refuse = (message: string, path: PropertyKey[]): void =>
    context.addIssue({ code: 'custom', message, path });
  if (method !== 'POST')
    refuse('must be POST where the route has "graphql": it looks at GET as well', ['method']);
  if (kind === 'read' && asked.type === 'mutation')
    refuse('must be write: a mutation is one', ['kind']);
  if (kind === 'write' && asked.type === 'subscription')
    refuse('must be read: a subscription is one', ['kind']);
});
