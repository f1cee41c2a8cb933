import { z } from 'zod';
import { httpMethods } from './migration.ts';
import { unknownName } from './nearest-name.ts';

/** An object that refuses keys it does not know, naming the nearest known one. */
const strict = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys')
        return issue.keys.map((key) => unknownName(key, Object.keys(shape))).join('; ');
      return issue.input === undefined ? 'is missing' : undefined;
    },
  });

const text = z.string({
  error: (issue) => (issue.input === undefined ? 'is missing' : 'must be a string'),
});
const nonEmpty = text.refine((value) => value.trim() !== '', 'must not be empty');
const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, {
    error: (issue) =>
      issue.input === undefined
        ? 'is missing'
        : `must be one of ${values.join(', ')} (is ${JSON.stringify(issue.input)})`,
  });
const listOf = <T extends z.ZodType>(item: T) =>
  z.array(item, {
    error: (issue) => (issue.input === undefined ? 'is missing' : 'must be an array'),
  });
const recordOf = <T extends z.ZodType>(value: T) =>
  z.record(z.string(), value, {
    error: (issue) => (issue.input === undefined ? 'is missing' : 'must be an object'),
  });
const number = (rule: 'integer' | 'any', minimum: number, maximum = Number.MAX_SAFE_INTEGER) =>
  z
    .number({ error: 'must be a number' })
    .refine(
      (value) =>
        (rule === 'any' || Number.isInteger(value)) && value >= minimum && value <= maximum,
      `must be ${rule === 'integer' ? 'a whole number' : 'a number'} of at least ${minimum}` +
        (maximum === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${maximum}`),
    );

const protocolOf = (value: string): string | undefined => {
  try {
    return new URL(value).protocol;
  } catch {
    return undefined;
  }
};

/** A string, or `env('NAME')`. `rule` says what is wrong with a string that is written out. */
const setting = (rule: (value: string) => string | undefined = () => undefined) =>
  z.unknown().superRefine((value, context) => {
    const refuse = (message: string, path: PropertyKey[] = []): void =>
      context.addIssue({ code: 'custom', message, path });
    if (value === undefined) return refuse('is missing');
    if (typeof value === 'string') {
      const problem = rule(value);
      if (problem !== undefined) refuse(problem);
      return;
    }
    if (
      typeof value !== 'object' ||
      value === null ||
      !('env' in value) ||
      typeof value.env !== 'string'
    )
      return refuse(`must be a string or env('NAME')`);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(value.env))
      refuse(`must name an environment variable (is ${JSON.stringify(value.env)})`, ['env']);
    if ('default' in value && value.default !== undefined && typeof value.default !== 'string')
      refuse('must be a string', ['default']);
    for (const key of Object.keys(value))
      if (key !== 'env' && key !== 'default') refuse(unknownName(key, ['env', 'default']));
  });
const urlOf =
  (...protocols: readonly string[]) =>
  (value: string): string | undefined => {
    const protocol = protocolOf(value);
    return protocol !== undefined && protocols.includes(protocol)
      ? undefined
      : `must be a URL that begins with ${protocols.map((name) => `${name}//`).join(' or ')}`;
  };
const httpUrl = setting(urlOf('http:', 'https:'));
const databaseUrl = setting(urlOf('postgres:', 'postgresql:'));
// A config provider's reference in the place of the password is no part of a URL.
const databaseUrlForConnect = setting((value) =>
  urlOf('postgres:', 'postgresql:')(value.replace(/\$\{[^}]*\}/, 'reference')),
);

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

const route = strict({
  name: routeName,
  method: z.enum([...httpMethods, 'ANY'], {
    error: (issue) =>
      issue.input === undefined
        ? 'is missing'
        : `must be a method such as GET or PROPFIND, or ANY (is ${JSON.stringify(issue.input)})`,
  }),
  path: routePath,
  kind: oneOf(['read', 'write']),
  compare: strict({
    ignore: listOf(strict({ path: ignorable, reason: nonEmpty })).optional(),
    unordered: listOf(jsonPointer).optional(),
    redact: listOf(jsonPointer).optional(),
    headers: listOf(nonEmpty).optional(),
    numbers: oneOf(['value', 'text']).optional(),
    masks: listOf(mask).optional(),
  }).optional(),
  timeoutMs: number('integer', 1).optional(),
  pinRefused: z.boolean({ error: 'must be true or false' }).optional(),
});

const tableName = text.refine(
  (value) => /^[^.\s"]+(\.[^.\s"]+)?$/.test(value),
  'must be "table" or "schema.table"',
);
/** Sequences may have names that want quotes. */
const sequenceName = text.refine(
  (value) => /^("([^"]|"")+"|[^.\s"]+)(\.("([^"]|"")+"|[^.\s"]+))?$/.test(value),
  'must be "sequence" or "schema.sequence"',
);
const columnValues = recordOf(text);
const columnMapping = z.unknown().superRefine((value, context) => {
  if (typeof value === 'string') {
    if (value === '')
      context.addIssue({ code: 'custom', message: 'must name a column of the service' });
    return;
  }
  const parsed = strict({
    to: nonEmpty,
    values: columnValues.optional(),
    zone: oneOf(['UTC']).optional(),
  }).safeParse(value);
  for (const issue of parsed.error?.issues ?? [])
    context.addIssue({ code: 'custom', message: issue.message, path: [...issue.path] });
});
const onReturn = z.unknown().superRefine((value, context) => {
  const ok =
    value === 'default' ||
    (typeof value === 'object' &&
      value !== null &&
      'value' in value &&
      (value.value === null || typeof value.value === 'string') &&
      Object.keys(value).length === 1);
  if (!ok)
    context.addIssue({
      code: 'custom',
      message: `must be 'default' or { value: 'PostgreSQL text' } or { value: null }`,
    });
});
const table = strict({
  monolith: tableName,
  key: listOf(nonEmpty)
    .refine((key) => key.length > 0, 'must name at least one column')
    .optional(),
  service: listOf(
    strict({
      table: tableName,
      columns: recordOf(columnMapping).refine(
        (columns) => Object.keys(columns).length > 0,
        'must map at least one column',
      ),
      constants: recordOf(
        z.union([z.string(), z.null()], { error: 'must be PostgreSQL text or null' }),
      ).optional(),
    }),
  ).refine((parts) => parts.length > 0, 'must name at least one table'),
  leave: recordOf(strict({ onReturn, reason: nonEmpty })).optional(),
  ids: recordOf(
    strict({
      monolith: sequenceName.optional(),
      service: sequenceName.optional(),
      reason: nonEmpty.optional(),
    }).refine(
      (source) => Object.values(source).some((value) => value !== undefined),
      'must name a sequence of a side, or the reason why none is needed',
    ),
  ).optional(),
});

const side = strict({
  url: httpUrl,
  database: databaseUrl.optional(),
  health: text.refine((path) => path.startsWith('/'), 'must start with "/"').optional(),
  buildPath: text.refine((path) => path.startsWith('/'), 'must start with "/"').optional(),
});
const states = z.unknown().superRefine((value, context) => {
  const ways = {
    url: strict({ url: httpUrl }),
    command: strict({ command: nonEmpty }),
    sql: strict({ sql: recordOf(nonEmpty), database: databaseUrl.optional() }),
    present: strict({ present: nonEmpty }),
  };
  const way = Object.entries(ways).find(
    ([name]) => typeof value === 'object' && value !== null && name in value,
  );
  if (way === undefined)
    return context.addIssue({
      code: 'custom',
      message: "must be { url }, { command }, { sql } or { present: 'why' }",
    });
  for (const issue of way[1].safeParse(value).error?.issues ?? [])
    context.addIssue({ code: 'custom', message: issue.message, path: [...issue.path] });
});
const providers = recordOf(strict({ url: httpUrl, states: states.optional() })).superRefine(
  (value, context) => {
    for (const name of Object.keys(value))
      if (!/^[a-z][a-z0-9-]*$/.test(name) || name === 'monolith' || name === 'service')
        context.addIssue({
          code: 'custom',
          message: 'must have a lower-case name other than "monolith" and "service"',
          path: [name],
        });
  },
);
const foreignKey = strict({ onApply: oneOf(['carry-out', 'park', 'accept']), reason: nonEmpty });

const trigger = strict({ onApply: oneOf(['accept']), reason: nonEmpty });

const percent = number('any', 0, 100);
export const definitionSchema = strict({
  context: text.refine(
    (value) => /^[a-z][a-z0-9-]{0,35}$/.test(value),
    'must be lower-case letters, digits and "-", begin with a letter and have at most 36 characters',
  ),
  data: oneOf(['none', 'shared', 'replicated']),
  monolith: side,
  service: side,
  identity: listOf(
    text.refine(
      (value) => /^(?:(?:claim:[^\s@]+@)?(?:header|cookie|query)|answer):[^\s:]+$/.test(value),
      'must be "header:<name>", "cookie:<name>", "query:<name>", "claim:<claim>@<one of these>" or "answer:<header>"',
    ),
  ).optional(),
  routes: listOf(route),
  tables: listOf(table).optional(),
  sequences: listOf(strict({ monolith: tableName, service: tableName })).optional(),
  foreignKeys: strict({
    monolith: recordOf(foreignKey).optional(),
    service: recordOf(foreignKey).optional(),
  }).optional(),
  triggers: strict({
    monolith: recordOf(trigger).optional(),
    service: recordOf(trigger).optional(),
  }).optional(),
  contracts: strict({
    pacts: nonEmpty,
    provider: nonEmpty,
    url: strict({ monolith: httpUrl.optional(), service: httpUrl.optional() }).optional(),
    stateUrl: strict({ monolith: httpUrl.optional(), service: httpUrl.optional() }).optional(),
    states: strict({ monolith: states.optional(), service: states.optional() }).optional(),
    providers: providers.optional(),
  }).optional(),
  gates: strict({
    maxLagSeconds: number('any', 0).optional(),
    minShadowReads: number('integer', 0).optional(),
    maxMismatchPercent: percent.optional(),
    verificationMaxAgeSeconds: number('any', 0).optional(),
    rampMinRequests: number('integer', 0).optional(),
    rampMaxErrorExcessPercent: percent.optional(),
    rampMaxLatencyRatio: number('any', 0).optional(),
    retireAfterDays: number('any', 0).optional(),
    pacts: z.boolean({ error: 'must be true or false' }).optional(),
  }).optional(),
  cutover: strict({
    holdTimeoutMs: number('integer', 1).optional(),
    fenceLockTimeoutMs: number('integer', 1).optional(),
    fenceAttempts: number('integer', 1).optional(),
    catchUpTimeoutMs: number('integer', 1).optional(),
    sequenceGap: number('integer', 0).optional(),
  }).optional(),
  replication: strict({
    transport: setting((value) =>
      value === 'embedded' || value === 'kafka'
        ? undefined
        : `must be one of embedded, kafka (is ${JSON.stringify(value)})`,
    ).optional(),
    partitions: number('integer', 1, 1000).optional(),
    retentionHours: number('any', 1).optional(),
    connect: recordOf(text).optional(),
    databaseForConnect: strict({
      monolith: databaseUrlForConnect.optional(),
      service: databaseUrlForConnect.optional(),
    }).optional(),
  }).optional(),
});
