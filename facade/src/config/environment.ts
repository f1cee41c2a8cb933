import { StranglerError } from '@strangler-toolkit/plan';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const milliseconds = z.coerce.number().int().min(1);
const http = z.url({ protocol: /^https?$/ });

/** name, how it is read, default, what it is for: the one list behind parsing and --help. */
const table = {
  MONOLITH_URL: [http, undefined, 'where everything goes that no context claims (required)'],
  STRANGLER_CONTEXTS: [z.string().min(1), './contexts', 'folder of context files'],
  STRANGLER_CONTROL_URL: [
    z.url({ protocol: /^postgres(ql)?$/ }).optional(),
    undefined,
    'control database (PostgreSQL); without it only stateless and shared contexts move',
  ],
  UNLEASH_URL: [
    http.optional(),
    undefined,
    'Unleash, e.g. http://127.0.0.1:4242/api; without it everything stays with its owner',
  ],
  UNLEASH_CLIENT_TOKEN: [z.string().min(1).optional(), undefined, 'client token of Unleash'],
  UNLEASH_ENVIRONMENT: [z.string().min(1), 'development', 'environment of Unleash'],
  UNLEASH_REFRESH_MS: [milliseconds, 1_000, 'time between two looks at Unleash'],
  FACADE_HOST: [z.string().min(1), '127.0.0.1', 'address to listen on'],
  FACADE_PORT: [port, 8080, 'port for clients (0: any free one)'],
  FACADE_ADMIN_PORT: [port, 8081, 'port for health, metrics and routes (0: any free one)'],
  FACADE_NAME: [
    z.string().regex(/^[\w.-]{1,60}$/, 'letters, digits, dot, dash, underscore'),
    'facade',
    'name of this instance; instances that share a state folder need different ones',
  ],
  FACADE_STATE_DIR: [
    z.string().min(1),
    './.strangler-facade',
    'folder for the last known state of flags and owners',
  ],
  FACADE_TRUSTED_PROXIES: [
    z.string(),
    '',
    'addresses or CIDR blocks, comma-separated, whose X-Forwarded-* and X-Request-Id are believed',
  ],
  FACADE_DEBUG_HEADERS: [z.enum(['0', '1']), '0', '1 adds x-strangler-served-by to answers'],
  FACADE_LOG_LEVEL: [
    z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug']),
    'info',
    'log level',
  ],
  FACADE_TIMEOUT_MS: [
    milliseconds,
    30_000,
    'until an answer must have begun, where the route says nothing',
  ],
  FACADE_HOLD_MAX_WAITING: [milliseconds, 1_000, 'writes that may wait during a hold, per context'],
  FACADE_HOLD_MAX_MS: [
    milliseconds,
    20_000,
    'longest wait of a held write; then 503 with Retry-After',
  ],
  FACADE_FRESHNESS_MS: [
    milliseconds,
    100,
    'longest wait for the control database before a read goes to the owner',
  ],
  FACADE_PIN_MS: [milliseconds, 500, 'longest wait of the answer to a write for its pin'],
  FACADE_DRAIN_MS: [
    milliseconds,
    15_000,
    'on SIGTERM: how long requests and WebSockets may finish',
  ],
  FACADE_SHADOW_CONCURRENCY: [milliseconds, 4, 'mirrored reads at a time'],
  FACADE_SHADOW_MAX_JOBS: [
    milliseconds,
    200,
    'mirrored reads that may wait; more are dropped and counted',
  ],
  FACADE_SHADOW_MAX_BODY_BYTES: [milliseconds, 1_048_576, 'largest body that is compared'],
  FACADE_SHADOW_TIMEOUT_MS: [milliseconds, 5_000, 'longest wait for a mirrored answer'],
} as const satisfies Record<string, readonly [z.ZodType, string | number | undefined, string]>;

type Table = typeof table;
export type Environment = { readonly [K in keyof Table]: z.output<Table[K][0]> };

const names = Object.keys(table) as (keyof Table)[];
const schema = z.object(
  Object.fromEntries(
    names.map((name) => {
      const [type, standard] = table[name];
      return [name, standard === undefined ? type : (type as z.ZodType).prefault(String(standard))];
    }),
  ),
);

/** @throws StranglerError CONFIG_ENV_MISSING, CONFIG_INVALID */
export function parseEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const given = Object.fromEntries(
    names.map((name) => [name, env[name] === '' ? undefined : env[name]]),
  );
  if (given.MONOLITH_URL === undefined) {
    throw new StranglerError('CONFIG_ENV_MISSING', 'MONOLITH_URL is not set', {
      remedy:
        'Set MONOLITH_URL to the address of the monolith; strangler-facade --help lists all variables.',
    });
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data as Environment;
  const issue = parsed.error.issues[0];
  throw new StranglerError(
    'CONFIG_INVALID',
    `${issue?.path.join('.') ?? 'environment'}: ${issue?.message ?? 'invalid'}`,
    { remedy: 'strangler-facade --help lists all variables.', cause: parsed.error },
  );
}

export function environmentHelp(): string {
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map(
    (name) =>
      `  ${name.padEnd(width)}  ${table[name][2]}${table[name][1] === undefined || table[name][1] === '' ? '' : ` [${String(table[name][1])}]`}`,
  );
  return [
    'strangler-facade: routes each endpoint to the monolith or to a service.',
    '',
    'It is configured by environment variables:',
    '',
    ...lines,
    '',
    'Example: MONOLITH_URL=http://127.0.0.1:3000 STRANGLER_CONTEXTS=./contexts strangler-facade',
    '',
  ].join('\n');
}
