import { describe, expect, test } from '@jest/globals';
import { validateDefinition, validateTogether } from './validate.ts';
import { env } from './migration.ts';
import type { MigrationDefinition } from './migration.ts';

const part = { table: 'items', columns: { id: 'id' } };
const good = (changes: object = {}) => ({
  context: 'shop',
  data: 'replicated',
  monolith: { url: 'http://m', database: 'postgres://m/db' },
  service: { url: 'https://s', database: 'postgresql://s/db' },
  routes: [{ name: 'list', method: 'GET', path: '/p', kind: 'read' }],
  tables: [{ monolith: 'products', service: [part] }],
  ...changes,
});
const flags = (changes: object = {}) =>
  good({
    data: 'none',
    tables: undefined,
    monolith: { url: 'http://m' },
    service: { url: 'http://s' },
    ...changes,
  });
const route = (changes: object) =>
  good({ routes: [{ name: 'list', method: 'GET', path: '/p', kind: 'read', ...changes }] });
const compare = (changes: object) => route({ compare: changes });
const table = (changes: object) =>
  good({ tables: [{ monolith: 'products', service: [part], ...changes }] });
const inPart = (changes: object) => table({ service: [{ ...part, ...changes }] });
const problemsOf = (work: () => unknown): string[] => {
  try {
    work();
    return [];
  } catch (error) {
    return (error as { details: { problems: string[] } }).details.problems;
  }
};
const told = (value: unknown): string[] =>
  problemsOf(() => validateDefinition(value, 'f')).map((problem) => problem.slice('f: '.length));

describe('a file may say', () => {
  test.each<[string, unknown]>([
    ['nothing more than it must', good()],
    ['that it has no data', flags()],
    ['that its data is shared', flags({ data: 'shared' })],
    ['further instances', flags({ service: { url: 'http://x', instances: ['http://y'] } })],
    ['how many requests a side takes', flags({ service: { url: 'http://x', maxRequests: 20 } })],
    ['how many reads reach the service', flags({ rampCeiling: 20 })],
    [
      'how many of one route',
      flags({ routes: [{ name: 'a', method: 'GET', path: '/', kind: 'read', rampCeiling: 5 }] }),
    ],
    ['how far behind a stand-in may be', good({ standInSeconds: 0.5 })],
    [
      'why nothing of it is a write',
      good({
        noWriteRoutes: 'a job writes it',
        routes: [{ name: 'a', method: 'GET', path: '/', kind: 'read' }],
      }),
    ],
    [
      'every method',
      good({
        routes: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method) => ({
          name: method,
          method,
          path: '/p',
          kind: method === 'POST' ? 'write' : 'read',
        })),
      }),
    ],
    [
      'the root, and parameters',
      good({
        routes: [
          { name: 'a', method: 'GET', path: '/', kind: 'read' },
          { name: 'b-1_x', method: 'GET', path: '/:a/x/:b_1', kind: 'read' },
        ],
      }),
    ],
    [
      'how answers are compared',
      compare({
        ignore: [
          { path: '', reason: 'r' },
          { path: '/a', reason: 'r' },
          { path: 'header:x-y', reason: 'r' },
        ],
        unordered: ['', '/a/0'],
        show: ['', '/c/*', 'header:location'],
        redact: ['/b'],
        headers: ['x-total'],
        numbers: 'value',
        masks: [
          { preset: 'csrf', reason: 'r' },
          { preset: 'nonce', reason: 'r' },
          { preset: 'build', reason: 'r' },
          { preset: 'time', reason: 'r' },
          { pattern: '[0-9]+', reason: 'r' },
          { selector: 'input[name=token]@value', reason: 'r' },
          { selector: 'p#total', reason: 'r' },
          { selector: '.clock', reason: 'r' },
        ],
      }),
    ],
    ['that numbers are compared as texts', compare({ numbers: 'text' })],
    ['how long a route may take', route({ timeoutMs: 1 })],
    ['who a client is', good({ identity: ['header:authorization', 'cookie:sid', 'query:token'] })],
    [
      'keys, constants, values and what is left',
      good({
        tables: [
          {
            monolith: 'shop.products',
            key: ['id', 'b'],
            service: [
              {
                table: 'shop.items',
                columns: { id: 'id', b: { to: 'b' }, c: { to: 'c', values: { a: '', '': 'x' } } },
                constants: { d: 'text', e: null },
              },
            ],
            leave: {
              f: { onReturn: 'default', reason: 'r' },
              g: { onReturn: { value: null }, reason: 'r' },
              h: { onReturn: { value: '' }, reason: 'r' },
              i: { onReturn: { expression: 'lower(a)' }, reason: 'r' },
              j: { onReturn: { trigger: 'touch' }, reason: 'r' },
            },
            ids: {
              id: { monolith: '"Odd ""Seq"', service: 'shop."S"' },
              b: { reason: 'counted elsewhere' },
            },
          },
        ],
      }),
    ],
    [
      'how values are converted',
      inPart({
        columns: {
          id: { to: 'id', as: 'text-to-uuid' },
          a: { to: 'a', as: 'letters-to-boolean', letters: { true: 'Y', false: 'N' } },
          b: { to: 'b', as: 'boolean-to-letters', letters: { true: 'T', false: 'F' } },
          c: { to: 'c', functions: { forward: 'upper(value)', reverse: 'lower(value)' } },
          d: { to: 'j', field: ['d'] },
          e: { to: 'j', field: ['inner', 'e'] },
        },
        fields: [{ from: 'doc', field: ['a'], to: 'x' }],
      }),
    ],
    ['sequences of its own', good({ sequences: [{ monolith: 'a', service: 'b.c' }] })],
    [
      'where its contracts are',
      good({
        contracts: {
          pacts: 'pacts',
          provider: 'shop',
          url: { monolith: 'http://m', service: env('S') },
          stateUrl: { monolith: 'http://m', service: 'http://s' },
          messages: {
            'shop-events': { service: { from: 'outbox' } },
            changes: {
              monolith: { from: 'changes', database: env('D') },
              service: { url: env('M') },
            },
          },
        },
      }),
    ],
    [
      'what gates ask for',
      good({
        gates: {
          maxLagSeconds: 0.5,
          minShadowReads: 0,
          maxMismatchPercent: 100,
          verificationMaxAgeSeconds: 0.5,
          rampMinRequests: 0,
          rampMaxErrorExcessPercent: 0,
          rampMaxRefusedExcessPercent: 0,
          rampMaxLatencyRatio: 0.5,
          watchSeconds: 0.5,
          retireAfterDays: 0.5,
          pacts: false,
        },
      }),
    ],
    [
      'how a cutover goes',
      good({
        cutover: {
          holdTimeoutMs: 1,
          fenceLockTimeoutMs: 1,
          fenceAttempts: 1,
          catchUpTimeoutMs: 1,
          sequenceGap: 0,
        },
      }),
    ],
    [
      'how changes travel',
      good({
        replication: {
          transport: 'embedded',
          partitions: 1000,
          retentionHours: 1,
          connect: { a: 'b' },
          databaseForConnect: { monolith: 'postgres://u:${x:y}@h/d', service: 'postgresql://h/d' },
        },
      }),
    ],
    [
      'names of the environment, with a default',
      flags({
        monolith: { url: env('A_1', 'http://m') },
        service: { url: { env: '_b', default: undefined } },
      }),
    ],
  ])('%s', (_, value) => expect(told(value)).toEqual([]));

  test('a name of the environment, with and without a default', () => {
    expect(env('A')).toEqual({ env: 'A' });
    expect(env('A', 'b')).toEqual({ env: 'A', default: 'b' });
    expect(env('A', '')).toEqual({ env: 'A', default: '' });
  });
});

describe('what is wrong is told at its field, in these words', () => {
  const whole = 'must be a whole number of at least';
  const some = 'must be a number of at least';
  const gate = (name: string, value: unknown) => good({ gates: { [name]: value } });
  const cutover = (name: string, value: unknown) => good({ cutover: { [name]: value } });
  test.each<[unknown, ...string[]]>([
    [null, 'default export must be an object made with defineMigration({ … })'],
    ['text', 'default export must be an object made with defineMigration({ … })'],
    [good({ context: undefined }), 'context is missing'],
    [good({ context: 5 }), 'context must be a string'],
    [
      good({ context: 'a'.repeat(37) }),
      'context must be lower-case letters, digits and "-", begin with a letter and have at most 36 characters',
    ],
    [good({ context: 'a'.repeat(36) })],
    [
      good({ data: 'own' }),
      'data must be one of none, shared, replicated, reference, projection (is "own")',
    ],
    [good({ data: undefined }), 'data is missing'],
    [good({ routes: undefined }), 'routes is missing'],
    [good({ routes: {} }), 'routes must be an array'],
    [good({ monolith: undefined }), 'monolith is missing'],
    [good({ monolith: { url: undefined, database: 'postgres://x' } }), 'monolith.url is missing'],
    [
      good({ monolith: { url: 'ftp://x', database: 'postgres://x' } }),
      'monolith.url must be a URL that begins with http:// or https://',
    ],
    [
      good({ monolith: { url: 'http://m', database: 'http://x' } }),
      'monolith.database must be a URL that begins with postgres:// or postgresql://',
    ],
    [
      flags({ service: { url: { env: '1A' } } }),
      'service.url.env must name an environment variable (is "1A")',
    ],
    [
      flags({ service: { url: { env: 'A-B' } } }),
      'service.url.env must name an environment variable (is "A-B")',
    ],
    [flags({ service: { url: { env: 'A', default: 5 } } }), 'service.url.default must be a string'],
    [flags({ service: { url: { env: 5 } } }), "service.url must be a string or env('NAME')"],
    [flags({ service: { url: null } }), "service.url must be a string or env('NAME')"],
    [flags({ service: { url: {} } }), "service.url must be a string or env('NAME')"],
    [
      route({ name: '1a' }),
      'routes[0].name must begin with a letter and hold only letters, digits, "-" and "_"',
    ],
    [
      route({ name: 'a b' }),
      'routes[0].name must begin with a letter and hold only letters, digits, "-" and "_"',
    ],
    [route({ kind: 'reed' }), 'routes[0].kind must be one of read, write (is "reed")'],
    [route({ path: undefined }), 'routes[0].path is missing'],
    [route({ path: '/p?x=1' }), 'routes[0].path must not hold a query or fragment'],
    [route({ path: '/p#x' }), 'routes[0].path must not hold a query or fragment'],
    [route({ path: '/p/./q' }), 'routes[0].path must not hold "." or ".." segments'],
    [route({ path: '/p%20q' }), 'routes[0].path must not hold percent-encoded characters'],
    [
      route({ path: '/p/:1' }),
      'routes[0].path has a segment ":1" that is neither plain text nor a parameter such as ":id"',
    ],
    [
      route({ path: '/a:b' }),
      'routes[0].path has a segment "a:b" that is neither plain text nor a parameter such as ":id"',
    ],
    [route({ path: '/a/a/:x' })],
    [route({ timeoutMs: 0 }), `routes[0].timeoutMs ${whole} 1`],
    [route({ timeoutMs: 1.5 }), `routes[0].timeoutMs ${whole} 1`],
    [route({ timeoutMs: '5' }), 'routes[0].timeoutMs must be a number'],
    [
      compare({ unordered: ['a'] }),
      'routes[0].compare.unordered[0] must be a JSON pointer that starts with "/"',
    ],
    [compare({ redact: 'a' }), 'routes[0].compare.redact must be an array'],
    [compare({ headers: [' '] }), 'routes[0].compare.headers[0] must not be empty'],
    [
      compare({ ignore: [{ path: 'header:', reason: 'r' }] }),
      'routes[0].compare.ignore[0].path must be a JSON pointer that starts with "/", or "header:<name>"',
    ],
    [
      compare({ ignore: [{ path: '/a', reason: '' }] }),
      'routes[0].compare.ignore[0].reason must not be empty',
    ],
    [
      compare({ masks: [{ reason: 'r' }] }),
      'routes[0].compare.masks[0] must have one of preset, pattern and selector',
    ],
    [
      compare({ masks: [{ preset: 'csrf', pattern: 'a', reason: 'r' }] }),
      'routes[0].compare.masks[0] must have one of preset, pattern and selector',
    ],
    [
      compare({ masks: [{ pattern: '(', reason: 'r' }] }),
      'routes[0].compare.masks[0].pattern must be a regular expression',
    ],
    [
      compare({ masks: [{ selector: 'p > a', reason: 'r' }] }),
      'routes[0].compare.masks[0].selector must be one element such as "p#total", "input[name=token]@value" or ".clock"',
    ],
    [
      compare({ masks: [{ preset: 'date', reason: 'r' }] }),
      'routes[0].compare.masks[0].preset must be one of csrf, nonce, build, time (is "date")',
    ],
    [
      good({ identity: ['header:a b'] }),
      'identity[0] must be "header:<name>", "cookie:<name>", "query:<name>", "claim:<claim>@<one of these>" or "answer:<header>"',
    ],
    [table({ monolith: 'a.b.c' }), 'tables[0].monolith must be "table" or "schema.table"'],
    [table({ key: [] }), 'tables[0].key must name at least one column'],
    [table({ key: ['id', 'id'] }), 'tables[0].key names "id" twice'],
    [table({ service: [] }), 'tables[0].service must name at least one table'],
    [inPart({ columns: {} }), 'tables[0].service[0].columns must map at least one column'],
    [inPart({ columns: [] }), 'tables[0].service[0].columns must be an object'],
    [inPart({ columns: undefined }), 'tables[0].service[0].columns is missing'],
    [
      inPart({ columns: { id: '' } }),
      'tables[0].service[0].columns.id must name a column of the service',
    ],
    [inPart({ columns: { id: {} } }), 'tables[0].service[0].columns.id.to is missing'],
    [
      inPart({ columns: { id: { to: 'a', values: { a: 5 } } } }),
      'tables[0].service[0].columns.id.values.a must be a string',
    ],
    [
      inPart({ columns: { id: { to: 'a', as: 'cents' } } }),
      'tables[0].service[0].columns.id.as must be one of cents-to-decimal, decimal-to-cents, letters-to-boolean, boolean-to-letters, ' +
        'epoch-seconds-to-timestamptz, timestamptz-to-epoch-seconds, epoch-milliseconds-to-timestamptz, ' +
        'timestamptz-to-epoch-milliseconds, text-to-uuid, uuid-to-text (is "cents")',
    ],
    [
      inPart({ columns: { id: { to: 'a', as: 'uuid-to-text', values: {} } } }),
      'tables[0].service[0].columns.id.as cannot stand beside values',
    ],
    [
      inPart({ columns: { id: { to: 'a', as: 'uuid-to-text', zone: 'UTC' } } }),
      'tables[0].service[0].columns.id.as cannot stand beside zone',
    ],
    [
      inPart({
        columns: { id: { to: 'a', values: {}, functions: { forward: 'value', reverse: 'value' } } },
      }),
      'tables[0].service[0].columns.id.functions cannot stand beside values',
    ],
    [
      inPart({ columns: { id: { to: 'a', as: 'uuid-to-text', field: ['a'] } } }),
      'tables[0].service[0].columns.id.field cannot stand beside as',
    ],
    [
      inPart({ columns: { id: { to: 'a', field: [] } } }),
      'tables[0].service[0].columns.id.field must hold one to three keys',
    ],
    [
      inPart({ fields: [{ from: 'doc', field: ['a', 'b', 'c', 'd'], to: 'x' }] }),
      'tables[0].service[0].fields[0].field must hold one to three keys',
    ],
    [
      inPart({ columns: { id: { to: 'a', functions: { forward: ' ', reverse: 'value' } } } }),
      'tables[0].service[0].columns.id.functions.forward must be SQL over value',
    ],
    [
      inPart({ columns: { id: { to: 'a', functions: { forward: 'value' } } } }),
      'tables[0].service[0].columns.id.functions.reverse is missing',
    ],
    [
      inPart({ columns: { id: { to: 'a', as: 'letters-to-boolean' } } }),
      "tables[0].service[0].columns.id.letters is missing: { true: 'Y', false: 'N' }, or what stands for them",
    ],
    [
      inPart({
        columns: { id: { to: 'a', as: 'uuid-to-text', letters: { true: 'Y', false: 'N' } } },
      }),
      'tables[0].service[0].columns.id.letters belongs to letters-to-boolean and boolean-to-letters only',
    ],
    [
      inPart({
        columns: { id: { to: 'a', as: 'letters-to-boolean', letters: { true: 'Y', false: 'Y' } } },
      }),
      'tables[0].service[0].columns.id.letters must differ, or there is no way back',
    ],
    [
      inPart({ columns: { id: { to: 'a', valves: {} } } }),
      'tables[0].service[0].columns.id "valves" is not known; did you mean "values"?',
    ],
    [
      inPart({ constants: { a: 5 } }),
      'tables[0].service[0].constants.a must be PostgreSQL text or null',
    ],
    [
      table({ leave: { a: { onReturn: { expression: ' ' }, reason: 'r' } } }),
      "tables[0].leave.a.onReturn must be 'default' or { value: 'PostgreSQL text' } or { value: null } or { expression: 'SQL' } or { trigger: 'name' }",
    ],
    [
      table({ leave: { a: { onReturn: {}, reason: 'r' } } }),
      "tables[0].leave.a.onReturn must be 'default' or { value: 'PostgreSQL text' } or { value: null } or { expression: 'SQL' } or { trigger: 'name' }",
    ],
    [
      table({ leave: { a: { onReturn: { value: 5 }, reason: 'r' } } }),
      "tables[0].leave.a.onReturn must be 'default' or { value: 'PostgreSQL text' } or { value: null } or { expression: 'SQL' } or { trigger: 'name' }",
    ],
    [
      table({ leave: { a: { onReturn: { value: '', more: 1 }, reason: 'r' } } }),
      "tables[0].leave.a.onReturn must be 'default' or { value: 'PostgreSQL text' } or { value: null } or { expression: 'SQL' } or { trigger: 'name' }",
    ],
    [
      table({ leave: { a: { onReturn: null, reason: 'r' } } }),
      "tables[0].leave.a.onReturn must be 'default' or { value: 'PostgreSQL text' } or { value: null } or { expression: 'SQL' } or { trigger: 'name' }",
    ],
    [table({ leave: { a: { onReturn: 'default' } } }), 'tables[0].leave.a.reason is missing'],
    [
      table({ ids: { id: {} } }),
      'tables[0].ids.id must name a sequence of a side, or the reason why none is needed',
    ],
    [
      table({ ids: { id: { monolith: 'a.b.c' } } }),
      'tables[0].ids.id.monolith must be "sequence" or "schema.sequence"',
    ],
    [
      table({ ids: { id: { monolith: 'a "b"' } } }),
      'tables[0].ids.id.monolith must be "sequence" or "schema.sequence"',
    ],
    [good({ sequences: [{ monolith: 'a' }] }), 'sequences[0].service is missing'],
    [good({ sequences: [{ service: 'a' }] }), 'sequences[0].monolith is missing'],
    [good({ contracts: { pacts: 'p' } }), 'contracts.provider is missing'],
    [good({ contracts: { provider: 'p' } }), 'contracts.pacts is missing'],
    [
      good({ contracts: { pacts: 'p', provider: 'p', url: { service: 'x' } } }),
      'contracts.url.service must be a URL that begins with http:// or https://',
    ],
    [
      good({
        contracts: { pacts: 'p', provider: 'p', messages: { e: { service: { from: 'topic' } } } },
      }),
      'contracts.messages.e.service.from must be one of outbox, changes (is "topic")',
    ],
    [
      good({ contracts: { pacts: 'p', provider: 'p', messages: { e: { side: 'service' } } } }),
      'contracts.messages.e "side" is not known; known: monolith, service',
    ],
    [
      good({ contracts: { pacts: 'p', provider: 'p', stateUrl: { monolith: 'x' } } }),
      'contracts.stateUrl.monolith must be a URL that begins with http:// or https://',
    ],
    ...[
      'maxLagSeconds',
      'verificationMaxAgeSeconds',
      'rampMaxLatencyRatio',
      'watchSeconds',
      'retireAfterDays',
    ].map((name): [unknown, string] => [gate(name, -0.1), `gates.${name} ${some} 0`]),
    ...['minShadowReads', 'rampMinRequests'].flatMap((name): [unknown, string][] => [
      [gate(name, -1), `gates.${name} ${whole} 0`],
      [gate(name, 0.5), `gates.${name} ${whole} 0`],
    ]),
    ...['maxMismatchPercent', 'rampMaxErrorExcessPercent', 'rampMaxRefusedExcessPercent'].flatMap(
      (name): [unknown, string][] => [
        [gate(name, -0.1), `gates.${name} ${some} 0 and at most 100`],
        [gate(name, 100.1), `gates.${name} ${some} 0 and at most 100`],
      ],
    ),
    [gate('pacts', 'no'), 'gates.pacts must be true or false'],
    ...['holdTimeoutMs', 'fenceLockTimeoutMs', 'fenceAttempts', 'catchUpTimeoutMs'].flatMap(
      (name): [unknown, string][] => [
        [cutover(name, 0), `cutover.${name} ${whole} 1`],
        [cutover(name, 1.5), `cutover.${name} ${whole} 1`],
      ],
    ),
    [cutover('sequenceGap', -1), `cutover.sequenceGap ${whole} 0`],
    [cutover('sequenceGap', 0.5), `cutover.sequenceGap ${whole} 0`],
    [
      good({ replication: { partitions: 1001 } }),
      `replication.partitions ${whole} 1 and at most 1000`,
    ],
    [
      good({ replication: { partitions: 1.5 } }),
      `replication.partitions ${whole} 1 and at most 1000`,
    ],
    [good({ replication: { retentionHours: 0.5 } }), `replication.retentionHours ${some} 1`],
    [good({ replication: { retentionHours: 1.5 } })],
    [
      good({ replication: { databaseForConnect: { service: 'x' } } }),
      'replication.databaseForConnect.service must be a URL that begins with postgres:// or postgresql://',
    ],
    [
      good({ tables: undefined }),
      'tables is missing: a replicated context needs the tables to replicate',
    ],
    [
      good({ monolith: { url: 'http://m' } }),
      "monolith.database is missing: a replicated context reads the monolith's database",
    ],
    [
      good({ service: { url: 'http://s' } }),
      'service.database is missing: a replicated context has a database of its own',
    ],
    [flags({ tables: [] })],
    [flags({ sequences: [] })],
    [
      flags({ tables: [{ monolith: 'a', service: [part] }] }),
      "tables is only for data: 'replicated', 'reference' and 'projection' (this context has data: 'none')",
    ],
    ...(
      [
        [{}, ' must have host, headers or query'],
        [{ host: 'http://x' }, '.host must be a host name without scheme and port'],
        [{ host: ['x', 'x:80'] }, '.host[1] must be a host name without scheme and port'],
        [{ host: [] }, '.host must not be empty'],
        [{ host: ['shop.example', 'a'] }],
        [
          { headers: { 'x y': 'a' } },
          '.headers.x y must be the name of a header: letters, digits and "-"',
        ],
        [{ headers: { Host: 'a' } }, '.headers.Host is said by "when.host"'],
        [{ headers: { TE: 'a' } }, '.headers.TE ends at the facade: the application never sees it'],
        [
          { headers: { 'X-Request-Id': 'a', 'X-Strangler-Shadow': '1' } },
          '.headers.X-Request-Id ends at the facade: the application never sees it',
          '.headers.X-Strangler-Shadow ends at the facade: the application never sees it',
        ],
        [{ query: JSON.parse('{"__proto__": "a", "b": "c"}') }, '.query.__proto__ is no name'],
        [{ headers: { 'X-A': ' a' } }, '.headers.X-A must not begin or end with a blank'],
        [
          { headers: { 'X-A': 'a', 'x-a': 'b' } },
          '.headers.X-A is named twice',
          '.headers.x-a is named twice',
        ],
        [{ headers: { 'X-A': ['a', 'b'] }, query: { q: '' } }],
        [{ query: { '': 'a' } }, '.query. must have a name'],
        [{ host: 'x', body: 'a' }, ' "body" is not known; known: host, headers, query'],
      ] as [unknown, ...string[]][]
    ).map(([when, ...said]): [unknown, ...string[]] => [
      flags({ routes: [{ name: 'r', method: 'GET', path: '/', kind: 'read', when }] }),
      ...said.map((each) => `routes[0].when${each}`),
    ]),
    [
      good({
        noWriteRoutes: 'x',
        routes: [
          { name: 'a', method: 'GET', path: '/', kind: 'read' },
          { name: 'b', method: 'POST', path: '/', kind: 'write' },
        ],
      }),
      'noWriteRoutes says why no route is a write, and routes[1] is one',
    ],
    [
      flags({ service: { url: 'http://x', maxRequests: 0 } }),
      'service.maxRequests must be a whole number of at least 1',
    ],
    [
      flags({ rampCeiling: 0 }),
      'rampCeiling must be a whole number of at least 1 and at most 100000',
    ],
    [
      flags({ routes: [{ name: 'a', method: 'PUT', path: '/', kind: 'write', rampCeiling: 5 }] }),
      'routes[0].rampCeiling is for reads: a write has one side, and no other takes its surplus',
    ],
    [good({ standInSeconds: -1 }), 'standInSeconds must be a number of at least 0'],
    [
      flags({ standInSeconds: 5 }),
      "standInSeconds is only for data: 'replicated' and 'projection' (this context has data: 'none')",
    ],
    [
      flags({ replication: {} }),
      "replication is only for data: 'replicated', 'reference' and 'projection' (this context has data: 'none')",
    ],
    [
      flags({ sequences: [{ monolith: 'a', service: 'b' }] }),
      "sequences is only for data: 'replicated' (this context has data: 'none')",
    ],
    [
      inPart({ columns: { id: 'id', a: { to: 'x' }, b: 'x' } }),
      'tables[0].service[0].columns.b writes the service column "x" that a writes already',
    ],
    [
      inPart({ columns: { id: { to: 'id', values: { a: 'x', b: 'x' } } } }),
      'tables[0].service[0].columns.id.values must be one-to-one: two values become "x", so the way back is not known',
    ],
    [
      inPart({ columns: { id: 'id', a: { to: 'x' } }, constants: { x: '1', y: '2' } }),
      'tables[0].service[0].constants.x is mapped from a monolith column as well',
    ],
    [table({ key: ['a'] }), 'tables[0].service[0].columns must map the key column "a"'],
    [
      table({ leave: { id: { onReturn: 'default', reason: 'r' } } }),
      'tables[0].leave.id is mapped as well: a column is either mapped or left',
    ],
  ])('%#', (value, ...problems) => expect(told(value)).toEqual(problems));

  test('of a file: every problem, with the code', () => {
    const work = (): unknown => validateDefinition(good({ context: 5, data: 'x' }), 'a.ts');
    expect(work).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(work).toThrow('a.ts: context must be a string\na.ts: data must be one of');
    expect(() => validateDefinition(good({ colour: 1 }), 'a.ts')).toThrow(
      'a.ts: "colour" is not known',
    );
    expect(validateDefinition(good(), 'a.ts')).toEqual(good());
  });
});

describe('files together', () => {
  const file = (name: string, changes: object) => ({
    file: name,
    definition: good(changes) as unknown as MigrationDefinition,
  });
  const other = {
    context: 'other',
    routes: [{ name: 'list', method: 'POST', path: '/p', kind: 'read' }],
    tables: [{ monolith: 'others', service: [{ ...part, table: 'others' }] }],
  };
  const problems = (...files: ReturnType<typeof file>[]): string[] =>
    problemsOf(() => validateTogether(files));

  test('claim their names, requests and tables once', () => {
    expect(problems(file('a', {}), file('b', other))).toEqual([]);
    expect(problems(file('a', {}), file('b', { ...other, context: 'shop' }))).toEqual([
      'b: context "shop" is the context of a already',
    ]);
    expect(problems(file('a', {}), file('b', { ...other, routes: good().routes }))).toEqual([
      'b: routes[0].path matches the same requests as a routes[0] (GET /p)',
    ]);
    expect(
      problems(
        file('a', {}),
        file('b', { ...other, tables: [{ ...other.tables[0], monolith: 'public.products' }] }),
      ),
    ).toEqual(['b: tables[0].monolith "public.products" belongs to a tables[0] already']);
  });

  test('no two fill one table of a service: its fence would be theirs both', () => {
    const filled = (table: string) => ({
      ...other,
      tables: [{ monolith: 'others', service: [{ ...part, table }] }],
    });
    for (const table of ['items', 'public.items'])
      expect(problems(file('a', {}), file('b', filled(table)))).toEqual([
        `b: tables[0].service[0].table "${table}" belongs to a tables[0] already`,
      ]);
    const service = { url: 'http://s', database: 'postgres://elsewhere/db' };
    expect(problems(file('a', {}), file('b', { ...filled('items'), service }))).toEqual([]);
  });

  test('the same table of another database is another one, and no table at all is fine', () => {
    const monolith = { url: 'http://m', database: 'postgres://elsewhere/db' };
    const tables = [{ ...other.tables[0], monolith: 'products' }];
    const same = { ...other, tables, monolith };
    expect(problems(file('a', {}), file('b', same))).toEqual([]);
    expect(problems(file('a', {}), file('b', { ...other, tables: undefined }))).toEqual([]);
  });
});
