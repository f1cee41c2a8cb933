import { describe, expect, test } from '@jest/globals';
import { parseEnvironment } from './environment.ts';
import { environmentHelp } from './help.ts';
import { defaultLimits } from './limits.ts';
import { optionsOf } from './options.ts';
import { packageVersion } from './package-version.ts';
import { settingRows } from './settings.ts';

const bare = { MONOLITH_URL: 'http://monolith' };
const options = (env: Record<string, string> = {}) =>
  optionsOf(parseEnvironment({ ...bare, ...env }));

describe('what the environment says becomes options of a facade', () => {
  test('nothing but the monolith: what the documents call the defaults', () => {
    expect(options()).toMatchObject({
      monolithUrl: 'http://monolith',
      stateDir: './.strangler-facade',
      name: 'facade',
      host: '127.0.0.1',
      port: 8080,
      adminHost: '127.0.0.1',
      adminPort: 8081,
      lenientMonolith: false,
      debugHeaders: false,
      trustedProxies: [],
      forwarder: 'undici',
      limits: {
        timeoutMs: 30_000,
        wireTimeoutMs: 600_000,
        wireSilenceMs: 3_600_000,
        connectMs: 5_000,
        upstreamConnections: 512,
        headerBytes: 65_536,
        healthMs: 10_000,
        holdMaxWaiting: 1_000,
        holdMaxMs: 20_000,
        freshnessMs: 100,
        pinMs: 500,
        drainMs: 15_000,
        shadowConcurrency: 4,
        shadowMaxJobs: 200,
        shadowMaxBodyBytes: 1_048_576,
        shadowTimeoutMs: 5_000,
      },
    });
    expect(parseEnvironment(bare)).toMatchObject({
      STRANGLER_CONTEXTS: './contexts',
      FACADE_LOG_LEVEL: 'info',
    });
  });

  test('limits that only a program sets have their defaults as well', () => {
    expect(defaultLimits).toMatchObject({
      headersMs: 60_000,
      silenceMs: 120_000,
      pollMs: 500,
      heartbeatMs: 2_000,
      flushMs: 1_000,
      startMs: 3_000,
      shadowCatchUpMs: 3_000,
      shadowMaxBytes: 33_554_432,
    });
  });

  test.each([
    ['STRANGLER_CONTROL_URL', 'postgres://c/d', { controlUrl: 'postgres://c/d' }],
    ['FACADE_STATE_DIR', '/var/f', { stateDir: '/var/f' }],
    ['FACADE_NAME', 'f-1', { name: 'f-1' }],
    ['FACADE_HOST', '0.0.0.0', { host: '0.0.0.0' }],
    ['FACADE_PORT', '0', { port: 0 }],
    ['FACADE_ADMIN_HOST', '10.0.0.1', { host: '127.0.0.1', adminHost: '10.0.0.1' }],
    ['FACADE_ADMIN_PORT', '9', { adminPort: 9 }],
    ['FACADE_ADMIN_TOKEN', '0123456789abcdef', { adminToken: '0123456789abcdef' }],
    ['FACADE_FORWARDER', 'middleware', { forwarder: 'middleware' }],
    ['FACADE_MONOLITH_LENIENT', '1', { lenientMonolith: true }],
    ['FACADE_DEBUG_HEADERS', '1', { debugHeaders: true }],
    ['FACADE_DEBUG_HEADERS', '0', { debugHeaders: false }],
    [
      'FACADE_TRUSTED_PROXIES',
      ' 10.0.0.1,, fd00::/8 ',
      { trustedProxies: ['10.0.0.1', 'fd00::/8'] },
    ],
    ...(
      [
        ['FACADE_TIMEOUT_MS', 'timeoutMs'],
        ['FACADE_WIRE_TIMEOUT_MS', 'wireTimeoutMs'],
        ['FACADE_WIRE_SILENCE_MS', 'wireSilenceMs'],
        ['FACADE_CONNECT_MS', 'connectMs'],
        ['FACADE_UPSTREAM_CONNECTIONS', 'upstreamConnections'],
        ['FACADE_HEADER_BYTES', 'headerBytes'],
        ['FACADE_HEALTH_MS', 'healthMs'],
        ['FACADE_HOLD_MAX_WAITING', 'holdMaxWaiting'],
        ['FACADE_HOLD_MAX_MS', 'holdMaxMs'],
        ['FACADE_FRESHNESS_MS', 'freshnessMs'],
        ['FACADE_PIN_MS', 'pinMs'],
        ['FACADE_DRAIN_MS', 'drainMs'],
        ['FACADE_SHADOW_CONCURRENCY', 'shadowConcurrency'],
        ['FACADE_SHADOW_MAX_JOBS', 'shadowMaxJobs'],
        ['FACADE_SHADOW_MAX_BODY_BYTES', 'shadowMaxBodyBytes'],
        ['FACADE_SHADOW_TIMEOUT_MS', 'shadowTimeoutMs'],
      ] as const
    ).map(([variable, limit]) => [variable, '7', { limits: { [limit]: 7 } }] as const),
  ] as [string, string, object][])('%s=%s', (variable, value, expected) => {
    expect(options({ [variable]: value })).toMatchObject(expected);
  });

  test('Unleash is asked when both its address and a token are there', () => {
    const both = { UNLEASH_URL: 'http://u/api', UNLEASH_CLIENT_TOKEN: 't' };
    expect(options(both).unleash).toEqual({
      url: 'http://u/api',
      token: 't',
      environment: 'development',
      refreshMs: 1_000,
    });
    expect(
      options({ ...both, UNLEASH_ENVIRONMENT: 'production', UNLEASH_REFRESH_MS: '5' }).unleash,
    ).toMatchObject({ environment: 'production', refreshMs: 5 });
    expect(options({ UNLEASH_CLIENT_TOKEN: 't' })).not.toHaveProperty('unleash');
    expect(options()).not.toHaveProperty('controlUrl');
  });

  test('an address without a token is refused, unless flags are not wanted', () => {
    const environment = parseEnvironment({
      MONOLITH_URL: 'http://m',
      UNLEASH_URL: 'http://u/api',
    });
    expect(() => optionsOf(environment)).toThrow('UNLEASH_CLIENT_TOKEN is not set');
    expect(optionsOf(environment, { withoutFlags: true })).not.toHaveProperty('unleash');
  });
});

describe('an environment', () => {
  const refused = (env: Record<string, string>): unknown => {
    try {
      return parseEnvironment(env);
    } catch (error) {
      return error;
    }
  };
  test.each([{}, { MONOLITH_URL: '' }])('without a monolith is told so: %j', (env) => {
    expect(refused(env)).toMatchObject({ code: 'CONFIG_ENV_MISSING' });
  });

  test.each([
    ['MONOLITH_URL', 'monolith:80'],
    ['STRANGLER_CONTROL_URL', 'http://c'],
    ['UNLEASH_URL', 'ftp://u'],
    ['FACADE_LOG_LEVEL', 'loud'],
    ['FACADE_FORWARDER', 'other'],
    ['FACADE_HEADER_BYTES', '0'],
    ['FACADE_UPSTREAM_CONNECTIONS', '0.5'],
    ['FACADE_HEALTH_MS', '-1'],
    ['FACADE_DEBUG_HEADERS', 'yes'],
    ['FACADE_ADMIN_PORT', '-1'],
    ['FACADE_PORT', '80.5'],
    ['FACADE_NAME', 'x'.repeat(61)],
    ['FACADE_PIN_MS', '0'],
    ['UNLEASH_REFRESH_MS', 'often'],
  ])('with %s=%s is refused', (variable, value) => {
    expect(refused({ ...bare, [variable]: value })).toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test.each([
    ['FACADE_PORT', '65535'],
    ['STRANGLER_CONTROL_URL', 'postgresql://c/d'],
    ...['silent', 'fatal', 'error', 'warn', 'info', 'debug'].map((level): [string, string] => [
      'FACADE_LOG_LEVEL',
      level,
    ]),
    ['FACADE_HEALTH_MS', '0'],
    ['FACADE_NAME', 'a-b_c.1'],
    ['MONOLITH_URL', 'https://m'],
    ['FACADE_PIN_MS', '1'],
  ])('with %s=%s is understood', (variable, value) => {
    const parsed = parseEnvironment({ ...bare, [variable]: value });
    expect(String(Reflect.get(parsed, variable))).toBe(value);
  });
});

test('--help has a line for each variable, in a column of its own, and a default where there is one', () => {
  const lines = environmentHelp().split('\n');
  expect(environmentHelp().split('\n\n')).toHaveLength(5);
  const variables = settingRows.flatMap(({ variable }) => variable ?? []);
  const rows = lines.filter((line) => /^ {2}\S/.test(line));
  expect(rows.map((line) => line.trim().split(' ')[0])).toEqual(variables);
  const column = 4 + Math.max(...variables.map((name) => name.length));
  for (const row of rows) expect(row.slice(column - 2, column + 1)).toMatch(/^ {2}\S$/);
  const line = (name: string) => rows.find((row) => row.startsWith(`  ${name} `));
  expect(line('FACADE_PORT')).toMatch(/ \[8080\]$/);
  for (const name of ['FACADE_TRUSTED_PROXIES', 'UNLEASH_CLIENT_TOKEN', 'MONOLITH_URL'])
    expect(line(name)).not.toMatch(/\]$/);
});

test('the version is the package’s', () => {
  expect(packageVersion()).toMatch(/^\d+\.\d+\.\d+/);
});
