import { expect, test } from '@jest/globals';
import type { ColumnCatalog } from '../database/catalog.ts';
import { differentMeaning, equalOtherTexts } from './different-meaning.ts';

const column = (type: string, more: Partial<ColumnCatalog> = {}): ColumnCatalog => ({
  name: 'c',
  type,
  notNull: false,
  hasDefault: false,
  generated: false,
  identity: null,
  sequence: null,
  collatable: false,
  enumLabels: null,
  ...more,
});
const folded = (folding: string): ColumnCatalog =>
  column('public.citext', {
    collation: { provider: 'libc', locale: 'C', version: null, folding },
  });
const enumOf = (...enumLabels: string[]): ColumnCatalog => column('public.state', { enumLabels });

test.each<[string, ColumnCatalog, ColumnCatalog, RegExp]>([
  [
    'a time with and one without zone',
    column('timestamp without time zone'),
    column('timestamp(3) with time zone'),
    /zone/,
  ],
  [
    'a domain over one',
    column('public.moment', { baseType: 'timestamp without time zone' }),
    column('timestamp with time zone'),
    /zone/,
  ],
  ['blanks', column('character(3)'), column('text'), /blanks/],
  ['fewer digits', column('numeric(10,2)'), column('numeric'), /digits/],
  [
    'fewer digits of a second',
    column('timestamp(3) without time zone'),
    column('timestamp without time zone'),
    /digits/,
  ],
  ['citext', column('shop.citext'), column('text'), /equal/],
  [
    'a nondeterministic collation',
    column('text', { deterministic: false }),
    column('text'),
    /equal/,
  ],
  ['a label', enumOf('a', 'b'), enumOf('a'), /lacks 'b'/],
  ['large objects', column('oid'), column('oid'), /large object/],
  [
    'large objects of the extension',
    column('public.lo', { baseType: 'oid' }),
    column('bigint'),
    /large object/,
  ],
  ...['regclass', 'regrole', 'pg_lsn', 'xid8', 'tid', 'regproc[]'].map(
    (type): [string, ColumnCatalog, ColumnCatalog, RegExp] => [
      type,
      column(type),
      column(type),
      /own database/,
    ],
  ),
])('%s is refused, whichever side has it', (_name, one, other, problem) => {
  const asked = { values: undefined, zone: undefined };
  for (const [monolith, service] of [
    [one, other],
    [other, one],
  ] as const)
    expect(differentMeaning({ ...asked, monolith, service })).toMatchObject({
      problem: expect.stringMatching(problem),
      remedy: expect.stringMatching(/./),
    });
});

test.each<[ColumnCatalog, ColumnCatalog]>([
  [column('character(1)'), column('text')],
  [column('character(3)'), column('character(3)')],
  [column('numeric(10,2)'), column('numeric(12,2)')],
  [column('numeric(10)'), column('bigint')],
  [column('shop.citext'), column('public.citext')],
  [enumOf('a', 'b'), enumOf('b', 'a')],
  [enumOf('a'), column('text')],
  // questions, which stop no context that runs
  ...[{ type: 'public.state[]' }, { type: 'public.stated', baseType: 'public.state' }].map(
    (of): [ColumnCatalog, ColumnCatalog] => [
      { ...enumOf('a'), ...of },
      { ...enumOf('b'), ...of },
    ],
  ),
  [folded('libc C.utf8'), folded('libc en_US.utf8')],
  [column('timestamp with time zone'), column('timestamp with time zone')],
])('%j and %j mean the same', (monolith, service) =>
  expect(differentMeaning({ monolith, service, values: undefined, zone: undefined })).toBeNull(),
);

test('what the mapping says makes it clear', () => {
  const times = {
    monolith: column('timestamp without time zone'),
    service: column('timestamp with time zone'),
  };
  expect(differentMeaning({ ...times, values: undefined, zone: 'UTC' })).toBeNull();
  expect(
    differentMeaning({
      monolith: enumOf('a'),
      service: enumOf('b'),
      values: { a: 'b' },
      zone: undefined,
    }),
  ).toBeNull();
  expect(
    differentMeaning({
      monolith: column('date'),
      service: column('date'),
      values: undefined,
      zone: 'UTC',
    }),
  ).toMatchObject({ problem: expect.stringContaining('only of use') });
});

test('texts that two columns take for equal are other ones by their locale', () => {
  expect(equalOtherTexts(folded('libc C.utf8'), folded('libc en_US.utf8'))).toBe(true);
  expect(equalOtherTexts(folded('libc C.utf8'), folded('libc C.utf8'))).toBe(false);
  expect(equalOtherTexts(column('text'), folded('libc C.utf8'))).toBe(false);
});
