import { describe, expect, test } from '@jest/globals';
import type { MigrationDefinition } from './migration.ts';
import { validateDefinition, validateTogether } from './validate.ts';

const good = (changes: object = {}): object => ({
  context: 'catalog',
  data: 'replicated',
  monolith: { url: { env: 'MONOLITH_URL' }, database: { env: 'MONOLITH_DATABASE_URL' } },
  service: { url: 'http://localhost:4000', database: 'postgresql://localhost/catalog' },
  identity: ['header:authorization', 'cookie:sid'],
  routes: [
    { name: 'list', method: 'GET', path: '/api/products', kind: 'read' },
    { name: 'detail', method: 'GET', path: '/api/products/:id', kind: 'read' },
    { name: 'create', method: 'POST', path: '/api/products', kind: 'write' },
  ],
  tables: [
    {
      monolith: 'products',
      service: [
        {
          table: 'items',
          columns: { id: 'id', status: { to: 'state', values: { A: 'active', B: 'banned' } } },
        },
      ],
    },
  ],
  ...changes,
});
const route = (changes: object): object =>
  good({
    routes: [{ name: 'list', method: 'GET', path: '/api/products', kind: 'read', ...changes }],
  });
const table = (changes: object): object =>
  good({
    tables: [
      { monolith: 'products', service: [{ table: 'items', columns: { id: 'id' } }], ...changes },
    ],
  });
/** Two mappings of one table. */
const kinds = (one: object, other: object): object => {
  const columns = { id: 'id', kind: 'kind' };
  return good({
    tables: [
      { monolith: 'a', service: [{ table: 'x', columns }], ...one },
      { monolith: 'public.a', service: [{ table: 'y', columns }], ...other },
    ],
  });
};
/** Two mappings to one table of the service. */
const toOne = (one: object, other: object, ...more: object[]): object => {
  const columns = { id: 'id' };
  return good({
    tables: [
      { monolith: 'a', service: [{ table: 'x', columns, constants: one }] },
      { monolith: 'b', service: [{ table: 'public.x', columns, constants: other }, ...more] },
    ],
  });
};
const message = (value: unknown): string => {
  try {
    validateDefinition(value, 'contexts/catalog.ts');
    return 'valid';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

test('a condition may be over what is mapped, and over one value of what is not', () => {
  for (const where of [{ id: ['1', '2'] }, { tenant: '1' }, { tenant: ['1'] }, { tenant: null }])
    expect(message(table({ where }))).toBe('valid');
});
test('a right file is right', () => expect(message(good())).toBe('valid'));

describe('a wrong file is told with file and field', () => {
  test.each<[unknown, string]>([
    [
      undefined,
      'contexts/catalog.ts: default export must be an object made with defineMigration({ … })',
    ],
    [route({ path: 'api/products' }), 'contexts/catalog.ts: routes[0].path must start with "/"'],
    [
      route({ path: '/api//products' }),
      'contexts/catalog.ts: routes[0].path must not hold an empty segment ("//")',
    ],
    [
      route({ path: '/api/products/' }),
      'contexts/catalog.ts: routes[0].path must not end with "/"',
    ],
    [
      route({ path: '/api/../x' }),
      'contexts/catalog.ts: routes[0].path must not hold "." or ".." segments',
    ],
    [
      route({ path: '/api/*' }),
      'contexts/catalog.ts: routes[0].path has a segment "*" that is neither plain text nor a parameter such as ":id"',
    ],
    [route({ path: '/a/:id/:id' }), 'contexts/catalog.ts: routes[0].path names a parameter twice'],
    [
      route({ method: 'get' }),
      'contexts/catalog.ts: routes[0].method must be a method such as GET or PROPFIND, or ANY (is "get")',
    ],
    [route({ kind: undefined }), 'contexts/catalog.ts: routes[0].kind is missing'],
    [
      route({ name: 'kill' }),
      'contexts/catalog.ts: routes[0].name must not be "kill": that is the flag of the kill switch',
    ],
    [
      route({ compare: { ignore: [{ path: '/updatedAt' }] } }),
      'contexts/catalog.ts: routes[0].compare.ignore[0].reason is missing',
    ],
    [
      route({ compare: { ignore: [{ path: 'vary', reason: 'x' }] } }),
      'contexts/catalog.ts: routes[0].compare.ignore[0].path must be a JSON pointer that starts with "/", or "header:<name>"',
    ],
    [
      route({ compare: { numbers: 'exact' } }),
      'contexts/catalog.ts: routes[0].compare.numbers must be one of value, text (is "exact")',
    ],
    [good({ colour: 1 }), 'contexts/catalog.ts: "colour" is not known; known: context'],
    [good({ route: [] }), 'contexts/catalog.ts: "route" is not known; did you mean "routes"?'],
    [
      table({ service: [{ table: 'items', colums: {} }] }),
      'contexts/catalog.ts: tables[0].service[0] "colums" is not known; did you mean "columns"?',
    ],
    [good({ context: 'Catalog' }), 'contexts/catalog.ts: context must be lower-case letters'],
    [
      good({ monolith: { url: 'localhost' } }),
      'contexts/catalog.ts: monolith.url must be a URL that begins with http:// or https://',
    ],
    [
      good({ service: { url: 5 } }),
      `contexts/catalog.ts: service.url must be a string or env('NAME')`,
    ],
    [
      good({ service: { url: { env: 'X', defualt: 'y' } } }),
      'contexts/catalog.ts: service.url "defualt" is not known; did you mean "default"?',
    ],
    [
      good({ identity: ['authorization'] }),
      'contexts/catalog.ts: identity[0] must be "header:<name>", "cookie:<name>", "query:<name>", "claim:<claim>@<one of these>" or "answer:<header>"',
    ],
    [
      good({ gates: { maxLagSeconds: -1 } }),
      'contexts/catalog.ts: gates.maxLagSeconds must be a number of at least 0',
    ],
    [
      good({ replication: { transport: 'pigeon' } }),
      'contexts/catalog.ts: replication.transport must be one of embedded, kafka (is "pigeon")',
    ],
    [
      good({ replication: { partitions: 0 } }),
      'contexts/catalog.ts: replication.partitions must be a whole number of at least 1 and at most 1000',
    ],
    [
      good({ replication: { retention: 1 } }),
      'contexts/catalog.ts: replication "retention" is not known',
    ],
    [
      good({ replication: { connect: { 'max.batch.size': 5 } } }),
      'contexts/catalog.ts: replication.connect.max.batch.size must be a string',
    ],
    [
      good({ replication: { databaseForConnect: { monolith: 'mysql://x' } } }),
      'contexts/catalog.ts: replication.databaseForConnect.monolith must be a URL that begins with postgres:// or postgresql://',
    ],
    [
      good({
        replication: {
          databaseForConnect: { monolith: 'postgresql://u:${file:/run/secrets/x:pw}@db/shop' },
          transport: 'kafka',
          partitions: 6,
          retentionHours: 24,
          connect: { 'max.batch.size': '5' },
        },
      }),
      'valid',
    ],
    [
      good({ tables: [] }),
      'contexts/catalog.ts: tables is missing: a replicated context needs the tables to replicate',
    ],
    [good({ monolith: { url: 'http://x' } }), 'contexts/catalog.ts: monolith.database is missing'],
    [
      good({ data: 'none' }),
      `contexts/catalog.ts: tables is only for data: 'replicated', 'reference' and 'projection' (this context has data: 'none')`,
    ],
    [
      table({ key: ['sku'] }),
      'contexts/catalog.ts: tables[0].service[0].columns must map the key column "sku"',
    ],
    [
      table({ leave: { id: { onReturn: 'default', reason: 'x' } } }),
      'contexts/catalog.ts: tables[0].leave.id is mapped as well',
    ],
    [table({ where: {} }), 'contexts/catalog.ts: tables[0].where must name at least one column'],
    [
      table({ where: { id: 5 } }),
      "contexts/catalog.ts: tables[0].where.id must be 'PostgreSQL text', ['one text', 'or another'] or null",
    ],
    [table({ where: { id: [] } }), 'contexts/catalog.ts: tables[0].where.id must be'],
    [table({ where: { id: ['1', null] } }), 'contexts/catalog.ts: tables[0].where.id must be'],
    [table({ where: { id: ['1', '1'] } }), 'contexts/catalog.ts: tables[0].where.id must be'],
    [
      table({ where: { tenant: ['1', '2'] } }),
      'contexts/catalog.ts: tables[0].where.tenant has several values, so the column must be mapped',
    ],
    [
      table({ where: { tenant: '1' }, leave: { tenant: { onReturn: 'default', reason: 'x' } } }),
      'contexts/catalog.ts: tables[0].where.tenant is in leave as well',
    ],
    [
      table({
        where: { tenant: '1' },
        service: [
          { table: 'items', columns: { id: 'id' } },
          { table: 'more', columns: { id: 'id', tenant: 'tenant' } },
        ],
      }),
      'contexts/catalog.ts: tables[0].where.tenant must be mapped by the first service table',
    ],
    [
      table({ leave: { note: { onReturn: 'nothing', reason: 'x' } } }),
      `contexts/catalog.ts: tables[0].leave.note.onReturn must be 'default' or`,
    ],
    [
      table({ service: [{ table: 'items', columns: { id: 'id', sku: 'id' } }] }),
      'contexts/catalog.ts: tables[0].service[0].columns.sku writes the service column "id" that id writes already',
    ],
    [
      table({
        service: [
          { table: 'items', columns: { id: 'id', s: { to: 's', values: { a: 'x', b: 'x' } } } },
        ],
      }),
      'contexts/catalog.ts: tables[0].service[0].columns.s.values must be one-to-one',
    ],
    [
      table({ service: [{ table: 'items', columns: { id: 'id' }, constants: { id: '1' } }] }),
      'contexts/catalog.ts: tables[0].service[0].constants.id is mapped from a monolith column as well',
    ],
    [
      good({
        tables: [
          { monolith: 'a', service: [{ table: 'x', columns: { id: 'id' } }] },
          { monolith: 'public.a', service: [{ table: 'y', columns: { id: 'id' } }] },
        ],
      }),
      'contexts/catalog.ts: tables[1].monolith "public.a" is mapped by tables[0] already',
    ],
    [kinds({ where: { kind: 'book' } }, { where: { kind: 'disc' } }), 'valid'],
    [
      kinds({ where: { kind: 'book' } }, {}),
      'contexts/catalog.ts: tables[1].monolith "public.a" is mapped by tables[0] already; several mappings of a table need a where each',
    ],
    [
      kinds({ where: { kind: ['book', 'map'] } }, { where: { kind: ['disc', 'map'] } }),
      'contexts/catalog.ts: tables[1].where meets rows of another: "public.a" is mapped by tables[0] already',
    ],
    [
      kinds({ where: { kind: 'book' }, key: ['id'] }, { where: { kind: 'disc' } }),
      'contexts/catalog.ts: tables[1].key must be that of tables[0]: both map rows of "public.a"',
    ],
    [
      good({
        tables: [
          { monolith: 'a', service: [{ table: 'x', columns: { id: 'id' } }] },
          { monolith: 'b', service: [{ table: 'x', columns: { id: 'id' } }] },
        ],
      }),
      'contexts/catalog.ts: tables[1].service[0].table "public.x" is the target of tables[0].service[0].table already',
    ],
    [toOne({ kind: 'a' }, { kind: 'b' }), 'valid'],
    [
      toOne({ kind: 'a' }, { kind: 'a' }),
      'contexts/catalog.ts: tables[1].service[0].table "public.x" is the target of tables[0].service[0].table already; several mappings fill one',
    ],
    [
      toOne({ kind: 'a' }, { kind: 'b' }, { table: 'z', columns: { id: 'id' } }),
      'contexts/catalog.ts: tables[1].service[0].table "public.x" is the target of tables[0].service[0].table already',
    ],
    [
      good({
        routes: [
          { name: 'a', method: 'GET', path: '/x', kind: 'read' },
          { name: 'a', method: 'GET', path: '/y', kind: 'read' },
        ],
      }),
      'contexts/catalog.ts: routes[1].name "a" is the name of routes[0] already',
    ],
    [
      good({
        routes: [
          { name: 'a', method: 'GET', path: '/x/:id', kind: 'read' },
          { name: 'b', method: 'GET', path: '/x/:slug', kind: 'read' },
        ],
      }),
      'contexts/catalog.ts: routes[1].path matches the same requests as routes[0] (GET /x/:id)',
    ],
  ])('%#: %j', (value, expected) => expect(message(value)).toContain(expected));

  test.each(['/api/**', '/api/:id/**', '/**'])('%s is a prefix', (path) =>
    expect(message(route({ path }))).toBe('valid'),
  );
  test.each(['/api/**/x', '/api/*', '/api/x**'])('%s is no prefix', (path) =>
    expect(message(route({ path }))).toContain('neither plain text nor a parameter'),
  );
  test.each(['PROPFIND', 'PURGE', 'QUERY', 'ANY'])('%s can be claimed', (method) =>
    expect(message(route({ method }))).toBe('valid'),
  );

  test('what is decided of values, constraints, sorting, files and subscriptions has a reason, and files one of three ways', () => {
    const reason = 'why';
    expect(
      message(
        good({
          values: { 'a.b': { reason } },
          constraints: { monolith: { 'a.c': { reason } }, service: { 'd.e': { reason } } },
          sorting: { reason },
          files: { 'a.c': { storage: 'shared', reason } },
          subscriptions: { monolith: { a: { reason } }, service: { b: { reason } } },
        }),
      ),
    ).toBe('valid');
    for (const wrong of [
      { values: { 'a.b': {} } },
      { constraints: { monolith: { 'a.c': {} } } },
      { sorting: { reason: '' } },
      { files: { 'a.c': { storage: 'elsewhere', reason } } },
      { subscriptions: { service: { b: {} } } },
    ])
      expect(message(good(wrong))).toContain(Object.keys(wrong)[0]);
  });

  test('every problem is told at once', () => {
    expect(
      message(good({ routes: [{ name: 'list', method: 'GET', path: 'x', kind: 'red' }] })).split(
        '\n',
      ),
    ).toHaveLength(2);
  });
});

describe('contexts together', () => {
  const one = (changes: object, file: string) => ({
    definition: validateDefinition(good(changes), file) as MigrationDefinition,
    file,
  });
  test('two contexts may not claim the same requests or tables', () => {
    const other = {
      context: 'search',
      routes: [{ name: 'find', method: 'GET', path: '/api/products/:sku', kind: 'read' }],
    };
    expect(() => validateTogether([one({}, 'a.ts'), one(other, 'b.ts')])).toThrow(
      /b\.ts: routes\[0\]\.path matches the same requests as a\.ts routes\[1\][^]*b\.ts: tables\[0\]\.monolith "products" belongs to a\.ts tables\[0\] already/,
    );
  });
  test('a table that a context maps several times is claimed by it once, and by no other', () => {
    const both = kinds({ where: { kind: 'book' } }, { where: { kind: 'disc' } });
    const routes = [{ name: 'find', method: 'GET', path: '/api/media', kind: 'read' }];
    validateTogether([one(both, 'a.ts')]);
    expect(() =>
      validateTogether([one(both, 'a.ts'), one({ ...both, context: 'other', routes }, 'b.ts')]),
    ).toThrow(
      /^b\.ts: tables\[0\]\.monolith "a" [^\n]*already\n(?:b\.ts: tables\[[01]\]\.service[^\n]*already\n?){2}$/,
    );
  });
  test('a parameter beside a fixed segment is no conflict', () => {
    const routes = [
      { name: 'popular', method: 'GET', path: '/api/products/popular', kind: 'read' },
    ];
    expect(() =>
      validateTogether([
        one({}, 'a.ts'),
        one(
          {
            context: 'search',
            routes,
            tables: [{ monolith: 'other', service: [{ table: 'o', columns: { id: 'id' } }] }],
          },
          'b.ts',
        ),
      ]),
    ).not.toThrow();
  });
  test('two files may not be one context', () => {
    expect(() => validateTogether([one({}, 'a.ts'), one({}, 'b.ts')])).toThrow(
      'b.ts: context "catalog" is the context of a.ts already',
    );
  });
});
