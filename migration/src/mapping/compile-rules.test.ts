import { describe, expect, test } from '@jest/globals';
import type { MigrationDefinition, TableMapping } from '@strangler-toolkit/plan';
import type { ColumnCatalog, TableCatalog } from '../database/catalog.ts';
import { compileMapping, isUniqueKey } from './compile-mapping.ts';

const column = (name: string, more: Partial<ColumnCatalog> = {}): ColumnCatalog =>
  ({
    name,
    type: 'text',
    notNull: false,
    hasDefault: false,
    generated: false,
    identity: null,
    ...more,
  }) as ColumnCatalog;
const table = (
  name: string,
  columns: (string | ColumnCatalog)[],
  more: Partial<TableCatalog> = {},
): TableCatalog =>
  ({
    schema: 'public',
    table: name,
    columns: columns.map((one) => (typeof one === 'string' ? column(one) : one)),
    primaryKey: ['id'],
    replicaIdentity: 'default',
    identityColumns: ['id'],
    ...more,
  }) as TableCatalog;

/** A monolith table with columns id, a, b and a service table with the same, unless said otherwise. */
interface Given {
  monolith?: Partial<TableCatalog>;
  service?: Partial<TableCatalog>;
  columns?: (string | ColumnCatalog)[];
  into?: (string | ColumnCatalog)[];
  mapping?: Partial<TableMapping>;
  part?: Partial<TableMapping['service'][0]>;
}
const simple = (columns: string[]): Record<string, string> =>
  Object.fromEntries(columns.map((name) => [name, name]));

const define = (tables: TableMapping[] | undefined): MigrationDefinition =>
  ({
    context: 'shop',
    data: 'replicated',
    ...(tables && { tables }),
  }) as unknown as MigrationDefinition;
const compile = ({ monolith, service, columns, into, mapping, part }: Given = {}) =>
  compileMapping(
    define([
      {
        monolith: 'things',
        service: [{ table: 'items', columns: simple(['id', 'a', 'b']), ...part }],
        ...mapping,
      },
    ]),
    [table('things', columns ?? ['id', 'a', 'b'], monolith)],
    [table('items', into ?? ['id', 'a', 'b'], service), table('more', ['id', 'a', 'b', 'c'])],
  ).tables[0];

const refused = (code: string, message: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });
const line = 'contexts/shop: tables[0]';
const two = (one: string[], other: string[]): Given => ({
  mapping: {
    service: [
      { table: 'items', columns: simple(one) },
      { table: 'more', columns: simple(other) },
    ],
  },
});
const notNull = (name: string, more: Partial<ColumnCatalog> = {}): ColumnCatalog =>
  column(name, { notNull: true, ...more });

test.each<[string, string, string]>([
  ['jsonb', 'integer', 'not taken apart'],
  ['integer', 'json', 'not taken apart'],
  ['integer[]', 'integer', 'not taken apart'],
  ['text', 'integer[]', 'not taken apart'],
  ['jsonb', 'integer[]', 'Give the service column a type'],
  ['uuid', 'integer', 'Give the service column a type'],
])('%s to %s is refused with what to do instead', (from, to, remedy) =>
  expect(() =>
    compile({
      columns: ['id', column('a', { type: from }), 'b'],
      into: ['id', column('a', { type: to }), 'b'],
    }),
  ).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`${line}.service[0].columns.a: public.things.a is ${from}`),
      remedy: expect.stringContaining(remedy),
    }),
  ),
);

const jsonb = (name: string, type = 'jsonb'): ColumnCatalog => column(name, { type });
const withFields = (...fields: { from: string; field: string[]; to: string }[]) => ({
  columns: { id: 'id', b: 'b' },
  fields,
});
test.each<[string, string, Given]>([
  [
    'json keeps its text',
    `${line}.service[0].fields[0]: a field of public.things.a (json) cannot be public.items.a (text)`,
    {
      columns: ['id', jsonb('a', 'json'), 'b'],
      part: withFields({ from: 'a', field: ['x'], to: 'a' }),
    },
  ],
  [
    'Give the column the type text',
    `${line}.service[0].fields[0]: a field of public.things.a (jsonb) cannot be public.items.a (real)`,
    {
      columns: ['id', jsonb('a'), 'b'],
      into: ['id', jsonb('a', 'real'), 'b'],
      part: withFields({ from: 'a', field: ['x'], to: 'a' }),
    },
  ],
  [
    'Only jsonb has fields',
    `${line}.service[0].columns.a: a field of public.items.a (text) cannot be`,
    { part: { columns: { id: 'id', b: 'b', a: { to: 'a', field: ['x'] } } } },
  ],
  [
    'Map each field once',
    `${line}.service[0].columns: a.x.y and a.x hold one another`,
    {
      columns: ['id', jsonb('a'), 'b'],
      into: ['id', 'a', 'c', 'b'],
      part: withFields(
        { from: 'a', field: ['x'], to: 'a' },
        { from: 'a', field: ['x', 'y'], to: 'c' },
      ),
    },
  ],
])('fields of JSON, refused: %s', (remedy, message, given) =>
  expect(() => compile(given)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(message),
      remedy: expect.stringContaining(remedy),
    }),
  ),
);

test('a column is mapped whole or by its fields', () => {
  const part = withFields({ from: 'a', field: ['x'], to: 'c' });
  const given = { columns: ['id', jsonb('a'), 'b'], into: ['id', jsonb('a'), 'b', 'c'] };
  expect(() =>
    compile({ ...given, part: { ...part, columns: { ...part.columns, a: 'a' } } }),
  ).toThrow(refused('CONFIG_INVALID', 'its way back would be ambiguous; monolith column a'));
  expect(
    compile({
      ...given,
      part: withFields({ from: 'a', field: ['x'], to: 'c' }, { from: 'a', field: ['y'], to: 'a' }),
      into: ['id', 'a', 'b', 'c'],
    })?.parts[0].columns.map(({ from, to }) => `${from} ${to}`),
  ).toEqual(['id id', 'b b', 'a c', 'a a']);
});

test.each<[string, Partial<TableMapping>]>([
  ['id', {}],
  ['a', { where: { a: 'x' } }],
])('rows cannot be known by %s when only a server converts it', (name, mapping) => {
  const functions = { forward: 'upper(value)', reverse: 'lower(value)' };
  const columns = { ...simple(['id', 'a', 'b']), [name]: { to: name, functions } };
  const given = {
    mapping: { ...mapping, service: [{ table: 'items', columns }] } as Partial<TableMapping>,
    monolith: { replicaIdentity: 'full' } as const,
    columns: ['id', column('a', { enumLabels: null }), 'b'],
  };
  expect(() => compile(given)).toThrow(
    refused('CONFIG_INVALID', `${line}.service[0].columns.${name}: rows are known by it`),
  );
});

describe('tables', () => {
  test.each([[undefined], [[]]])('a replicated context needs one: %j', (tables) => {
    expect(() => compileMapping(define(tables), [], [])).toThrow(
      refused('CONFIG_INVALID', 'contexts/shop: tables: a replicated context needs'),
    );
  });

  const mapped = (monolith: string, service: string): TableMapping => ({
    monolith,
    service: [{ table: service, columns: { id: 'id' } }],
  });
  const both = (...tables: TableMapping[]) =>
    compileMapping(
      define(tables),
      [table('one', ['id']), table('two', ['id'])],
      [table('uno', ['id']), table('due', ['id'])],
    );

  test('each is mapped once, on either side, and in the order of the file', () => {
    const { context, tables } = both(mapped('two', 'due'), mapped('one', 'uno'));
    expect(context).toBe('shop');
    expect(
      tables.map(({ line: at, monolith, parts }) => [at, monolith.table, parts[0].line]),
    ).toEqual([
      [`${line}`, 'two', `${line}.service[0]`],
      ['contexts/shop: tables[1]', 'one', 'contexts/shop: tables[1].service[0]'],
    ]);
    expect(() => both(mapped('one', 'uno'), mapped('one', 'due'))).toThrow(
      refused('CONFIG_INVALID', 'public.one'),
    );
    expect(() => both(mapped('one', 'uno'), mapped('two', 'uno'))).toThrow(
      refused('CONFIG_INVALID', 'public.uno'),
    );
  });

  test('those that are not there are named with their side and line', () => {
    expect(() => both(mapped('three', 'uno'))).toThrow(
      expect.objectContaining({
        code: 'TABLE_MISSING',
        message: `${line}.monolith: the monolith's database has no table public.three`,
        details: { table: 'public.three', side: 'monolith' },
      }),
    );
    expect(() => both(mapped('one', 'tre'))).toThrow(
      refused('TABLE_MISSING', `${line}.service[0].table: the service's database`),
    );
    const elsewhere = { ...table('one', ['id']), schema: 'other' };
    expect(() => compileMapping(define([mapped('one', 'uno')]), [elsewhere], [])).toThrow(
      refused('TABLE_MISSING', 'public.one'),
    );
    expect(() => compile({ mapping: { service: [] as never } })).toThrow(
      refused('CONFIG_INVALID', `${line}.service: names no service table`),
    );
  });
});

describe('a key', () => {
  test('is the primary key, or what the file names where every change carries the old row', () => {
    expect(compile()?.key).toEqual(['id']);
    const named: Given = {
      mapping: { key: ['a', 'b'] },
      monolith: { replicaIdentity: 'full', identityColumns: [] },
      service: { primaryKey: ['b', 'a'], identityColumns: ['a', 'b'] },
    };
    const compiled = compile(named);
    expect(compiled?.key).toEqual(['a', 'b']);
    expect(compiled?.parts[0].key).toEqual(['a', 'b']);
    expect(() => compile({ ...named, mapping: { key: ['a', 'nope'] } })).toThrow(
      refused('COLUMN_MISSING', `${line}.key`),
    );
    expect(() => compile({ monolith: { primaryKey: [] } })).toThrow(
      refused('REPLICA_IDENTITY', 'public.things has no primary key'),
    );
  });

  test.each<[Partial<TableCatalog>, boolean]>([
    [{ replicaIdentity: 'default', identityColumns: ['id'] }, true],
    [{ replicaIdentity: 'index', identityColumns: ['id', 'a'] }, true],
    [{ replicaIdentity: 'full', identityColumns: [] }, true],
    [{ replicaIdentity: 'index', identityColumns: ['a'] }, false],
    [{ replicaIdentity: 'default', identityColumns: [] }, false],
    [{ replicaIdentity: 'nothing', identityColumns: ['id'] }, false],
  ])('is carried by updates and deletes of either side: %j is %s', (identity, fine) => {
    const carried = (given: Given) => () => compile(given);
    for (const [given, where] of [
      [{ monolith: identity }, `${line}.monolith: updates and deletes of public.things`],
      [{ service: identity }, `${line}.service[0].table: updates and deletes of public.items`],
    ] as const) {
      const outcome = fine
        ? expect(carried(given)).not.toThrow()
        : expect(carried(given)).toThrow(refused('REPLICA_IDENTITY', where));
      expect(outcome).toBeUndefined();
    }
  });

  test.each<[Partial<TableCatalog>, readonly string[], boolean]>([
    [{ primaryKey: ['a', 'b'] }, ['b', 'a'], true],
    [{ primaryKey: ['a', 'b'] }, ['a'], false],
    [{ primaryKey: ['a'] }, ['a', 'b'], false],
    [{ primaryKey: ['a', 'c'] }, ['a', 'b'], false],
    [{ primaryKey: ['c'], replicaIdentity: 'index', identityColumns: ['a'] }, ['a'], true],
    [{ primaryKey: ['c'], replicaIdentity: 'index', identityColumns: ['a', 'b'] }, ['a'], false],
    [{ primaryKey: ['c'], replicaIdentity: 'full', identityColumns: ['a'] }, ['a'], false],
  ])('names one row: %j and (%j) is %s', (of, key, unique) =>
    expect(isUniqueKey(table('any', [], of), key)).toBe(unique),
  );

  test('of a service table that does not name one row is refused', () => {
    expect(() => compile({ service: { primaryKey: ['a'], replicaIdentity: 'full' } })).toThrow(
      refused('REPLICA_IDENTITY', '(id) of public.items must be its primary key'),
    );
    expect(() => compile({ service: { primaryKey: ['a'], replicaIdentity: 'full' } })).toThrow(
      expect.objectContaining({ remedy: expect.stringContaining('keep a table for them') }),
    );
  });

  test('is in every part; other columns are in one of them', () => {
    const parts = compile(two(['id', 'a'], ['id', 'b']))?.parts;
    expect(parts?.map((part) => part.columns.map(({ to }) => to))).toEqual([
      ['id', 'a'],
      ['id', 'b'],
    ]);
    expect(() => compile(two(['id', 'a'], ['b']))).toThrow(
      refused('CONFIG_INVALID', `${line}.service[1].columns: does not map the key column id`),
    );
    expect(() => compile(two(['id', 'a', 'b'], ['id', 'a']))).toThrow(
      refused('CONFIG_INVALID', 'its way back would be ambiguous'),
    );
    expect(() => compile({ part: { columns: { id: 'id', a: 'a', b: 'a' } } })).toThrow(
      refused('CONFIG_INVALID', `${line}.service[0].columns.b`),
    );
  });

  test('where its numbers come from is said of its columns only', () => {
    const ids = { id: { source: 'sequence', sequence: 's' } } as never;
    expect(compile({ mapping: { ids } })?.ids).toBe(ids);
    expect(compile()?.ids).toEqual({});
    expect(() => compile({ mapping: { ids: { a: {} } as never } })).toThrow(
      refused('CONFIG_INVALID', `${line}.ids.a: a is no key column of public.things (id)`),
    );
    expect(() => compile({ mapping: { ids: { nope: {} } as never } })).toThrow(
      refused('COLUMN_MISSING', `${line}.ids.nope`),
    );
  });
});

describe('columns of the service', () => {
  const into = (extra: ColumnCatalog): (string | ColumnCatalog)[] => ['id', 'a', 'b', extra];

  test.each([
    ['may be NULL', column('x')],
    ['has a default', notNull('x', { hasDefault: true })],
    ['is generated', notNull('x', { generated: true })],
    ['is an identity', notNull('x', { identity: 'always' })],
  ])('one that nobody fills is fine when it %s', (_, extra) => {
    expect(compile({ into: into(extra) })?.parts[0].constants).toEqual({});
  });

  test('one that nobody may leave empty is filled by a column or a constant that is not NULL', () => {
    const nobody = refused('CONFIG_INVALID', 'public.items.x is NOT NULL without a default');
    const constants = (value: string | null): Given => ({
      into: into(notNull('x')),
      part: { constants: { x: value } },
    });
    expect(() => compile({ into: into(notNull('x')) })).toThrow(nobody);
    expect(() => compile(constants(null))).toThrow(nobody);
    expect(compile(constants(''))?.parts[0].constants).toEqual({ x: '' });
    expect(compile({ into: ['id', notNull('a'), 'b'] })?.parts[0].columns).toHaveLength(3);
  });

  test('a constant is of a column that is there, that is not mapped, and that the database does not compute', () => {
    const constant = (name: string): Given => ({
      into: into(column('x', { generated: true })),
      part: { constants: { [name]: '1' } },
    });
    expect(() => compile(constant('nope'))).toThrow(
      refused('COLUMN_MISSING', `${line}.service[0].constants.nope`),
    );
    expect(() => compile(constant('a'))).toThrow(refused('CONFIG_INVALID', 'mapped already'));
    expect(() => compile(constant('x'))).toThrow(refused('CONFIG_INVALID', 'is generated'));
    expect(
      compile({ into: into(column('x')), part: { constants: { x: null } } })?.parts[0],
    ).toMatchObject({ constants: { x: null } });
  });
});

describe('columns that stay behind', () => {
  const with_ = (extra: ColumnCatalog, leave?: unknown): Given => ({
    columns: ['id', 'a', 'b', extra],
    mapping: { ...(leave !== undefined && { leave: { x: leave } as never }) },
  });
  const byDefault = { onReturn: 'default', reason: 'r' };
  const as = (value: string | null) => ({ onReturn: { value }, reason: 'r' });

  test.each([
    ['one that may be NULL', with_(column('x'))],
    ['one with a default', with_(notNull('x', { hasDefault: true }))],
    ['one with a default, said', with_(notNull('x', { hasDefault: true }), byDefault)],
    ['an identity', with_(notNull('x', { identity: 'by default' }), byDefault)],
    ['one that gets a value', with_(notNull('x'), as('0'))],
    ['one that gets an empty value', with_(notNull('x'), as(''))],
    ['one that may be NULL and gets it', with_(column('x'), as(null))],
  ])('%s is fine', (_, given) => expect(compile(given)?.leftBehind).toEqual(['x']));

  test.each([
    ['nothing is said', with_(notNull('x'))],
    ['it shall get a default that it has not', with_(notNull('x'), byDefault)],
    ['it shall get NULL', with_(notNull('x'), as(null))],
    [
      'it shall get NULL instead of its default',
      with_(notNull('x', { hasDefault: true }), as(null)),
    ],
  ])('one that may not be NULL is refused when %s', (_, given) => {
    expect(() => compile(given)).toThrow(
      refused('CONFIG_INVALID', `public.things.x is NOT NULL without a default and not mapped`),
    );
  });

  test('those that the database computes are not left, and what is mapped is not either', () => {
    const given: Given = {
      columns: ['x', 'id', 'a', 'b', notNull('sum', { generated: true }), 'y'],
    };
    expect(compile(given)?.leftBehind).toEqual(['x', 'y']);
    const leave = { a: byDefault } as never;
    expect(() => compile({ mapping: { leave } })).toThrow(
      refused('CONFIG_INVALID', `${line}.leave.a: the column is mapped`),
    );
    expect(() => compile({ mapping: { leave: { nope: byDefault } as never } })).toThrow(
      refused('COLUMN_MISSING', `${line}.leave.nope`),
    );
    expect(
      compile({ columns: ['id', 'a', 'b', 'x'], mapping: { leave: { x: byDefault } as never } })
        ?.leave,
    ).toEqual({ x: byDefault });
  });
});
