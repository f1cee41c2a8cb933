import { expect, test } from '@jest/globals';
import { defaultGates } from '@strangler-toolkit/plan';
import type { TableCatalog } from '../../database/catalog.ts';
import { parseTableName, writtenTable } from '../../database/identifiers.ts';
import { contextFile } from './context-file.ts';

const table = (more: Partial<TableCatalog>): TableCatalog => ({
  schema: 'public',
  table: 'items',
  kind: 'table',
  columns: [],
  primaryKey: ['id'],
  primaryKeyDeferrable: false,
  replicaIdentity: 'default',
  identityColumns: ['id'],
  estimatedRows: 10,
  pages: 1,
  foreignKeys: [],
  ...more,
});
const textOf = (...tables: TableCatalog[]): string =>
  contextFile({ context: 'shop', tables, others: [], routes: [] }).text;

test('imports nothing when it runs, so that it loads from any folder', () => {
  const text = textOf(table({}));
  expect(text).not.toMatch(/^import /m);
  expect(text).toContain("url: { env: 'MONOLITH_URL' }");
});

test('keeps the schema of a table outside of public, and quotes names that a dot or a blank would tear apart', () => {
  const odd = { schema: 'hr', table: 'time.entry' };
  expect(textOf(table(odd))).toContain(`table: 'hr."time.entry"'`);
  for (const name of [odd, { schema: 'a"b', table: 'c d' }, { schema: 'public', table: 'x.y' }])
    expect(parseTableName(writtenTable(name))).toEqual(name);
  expect(writtenTable({ schema: 'a b', table: 'c\td' })).toBe('"a b"."c\td"');
});

test('takes the index that is the replica identity for the key where there is no primary key', () => {
  const keyless = { primaryKey: [], identityColumns: ['code', 'region'] };
  const { text, notes } = contextFile({
    context: 'shop',
    tables: [table({ ...keyless, replicaIdentity: 'index' })],
    others: [],
    routes: [],
  });
  expect(text).toContain("key: ['code', 'region'],");
  expect(notes.join()).toContain(
    'the index that is its replica identity (code, region) is the key',
  );
  expect(textOf(table({ ...keyless, replicaIdentity: 'full' }))).toContain('key: [], //');
});

test('asks a small system for fewer requests, with the usual numbers behind, and a large one for the usual', () => {
  expect(textOf(table({}))).toContain(`minShadowReads: 100, // ${defaultGates.minShadowReads}`);
  expect(textOf(table({ estimatedRows: 100_000 }))).not.toContain('gates:');
});

test('notes what seems to refer over the border without a foreign key, by names and types', () => {
  const column = (name: string, type = 'bigint') => ({
    name,
    type,
    notNull: true,
    hasDefault: false,
    generated: false,
    identity: null,
    sequence: null,
    collatable: false,
    enumLabels: null,
  });
  const id = column('id');
  const foreignKeys = [
    {
      name: 'k',
      columns: ['shop_id'],
      references: { schema: 'public', table: 'shops', columns: ['id'] },
    },
  ];
  const named = (name: string, ...more: ReturnType<typeof column>[]) =>
    table({ table: name, columns: [id, ...more] });
  const { notes } = contextFile({
    context: 'shop',
    tables: [
      table({
        columns: ['category_id', 'boxId', 'voucher', 'shop_id', 'staffNo', 'item_id']
          .map((name) => column(name))
          .concat(id, column('user_id', 'uuid')),
        foreignKeys,
      }),
    ],
    others: [
      named('categories'),
      named('boxes'),
      named('voucher'),
      named('shops'),
      named('users'),
      table({ table: 'people', columns: [column('staffNo')], primaryKey: ['staffNo'] }),
      named('lines', column('itemId'), column('items', 'text')),
      table({ table: 'pairs', columns: [id], primaryKey: ['id', 'other'] }),
    ],
    routes: [],
  });
  expect(notes.filter((note) => note.includes('without a foreign key'))).toEqual([
    expect.stringMatching(/^items: category_id seems to refer to categories, outside/),
    expect.stringMatching(/^items: boxId seems to refer to boxes, outside/),
    expect.stringMatching(/^items: staffNo seems to refer to people, outside/),
    expect.stringMatching(/^items: lines.itemId seems to refer to this table from outside/),
  ]);
});

test('notes columns that may hold paths of files, unless the content lies beside them', () => {
  const column = (name: string, type = 'text') => ({
    name,
    type,
    notNull: false,
    hasDefault: false,
    generated: false,
    identity: null,
    sequence: null,
    collatable: true,
    enumLabels: null,
  });
  const columns = [
    column('manual_path'),
    column('avatarUrl'),
    column('image', 'character varying(80)'),
    column('file', 'oid'),
    column('pathology'),
    column('name'),
  ];
  const noted = (more: Partial<TableCatalog>): string[] =>
    textOf(table({ columns, ...more }))
      .split('\n')
      .flatMap((line) => /may hold paths of files.*(files\['.*'\])/.exec(line)?.[1] ?? []);
  expect(noted({})).toEqual([
    "files['items.manual_path']",
    "files['items.avatarUrl']",
    "files['items.image']",
  ]);
  expect(noted({ schema: 'hr', columns: columns.slice(0, 1) })).toEqual([
    "files['hr.items.manual_path']",
  ]);
  expect(noted({ columns: [...columns, column('content', 'bytea')] })).toEqual([]);
});
