import { describe, expect, test } from '@jest/globals';
import type { Identity, LeafIdentity, TableIdentity } from './identity.ts';
import { voidSince } from './void-since.ts';
import { changesText, whatChanged } from './what-changed.ts';

const column = {
  name: 'name',
  number: 2,
  type: 'text',
  version: '100',
  labels: null,
};
const leaf: LeafIdentity = { name: 'public.a_1', oid: '20', file: '20', attached: '90 x' };
const table: TableIdentity = {
  name: 'public.a',
  oid: '10',
  file: '10',
  replicaIdentity: 'd',
  columns: [column],
  leaves: [leaf],
};
const part = { service: 'public.b', links: { id: 'id', name: 'title' }, constants: '[]' };
const mapped = { monolith: 'public.a', key: ['id'], onReturn: '[]', parts: [part] };
const published = { name: 'public.a', membership: '31', filter: null, columns: null };
const publication = {
  name: 'p',
  oid: '30',
  version: '80',
  actions: 'insert, update, delete, truncate, via root',
  tables: [published],
};
const before: Identity = {
  direction: 'forward',
  monolith: [table],
  service: [{ ...table, name: 'public.b', leaves: [] }],
  publication,
  mapping: [mapped],
};
const withTable = (change: Partial<TableIdentity>): Identity => ({
  ...before,
  monolith: [{ ...table, ...change }],
});
const withColumn = (change: Partial<typeof column> & { labels?: null }): Identity =>
  withTable({ columns: [{ ...column, ...change }] });
const withLeaf = (change: Partial<LeafIdentity>): Identity =>
  withTable({ leaves: [{ ...leaf, ...change }] });
const withPublication = (change: Partial<typeof publication>): Identity => ({
  ...before,
  publication: { ...publication, ...change },
});
const published2 = (change: Partial<{ membership: string; filter: string; columns: string }>) =>
  withPublication({ tables: [{ ...published, ...change } as never] });
const withPart = (change: Partial<typeof part>): Identity => ({
  ...before,
  mapping: [{ ...mapped, parts: [{ ...part, ...change } as never] }],
});

describe('whoever reads the log for us', () => {
  const carried = (
    session: string | null,
    direction: 'forward' | 'reverse' = 'forward',
  ): Identity => ({
    ...before,
    direction,
    carrier: { name: 'Kafka Connect', session },
  });
  test.each<[string, Identity, Identity, string[]]>([
    ['goes on', carried('7@1'), carried('7@1'), []],
    ['begins anew', carried('7@1'), carried('8@1'), ['began to read the monolith']],
    ['stops', carried('7@1'), carried(null), ['does not read the monolith']],
    ['begins', carried(null), carried('7@1'), ['began to read the monolith']],
    ['was not noted', before, carried('7@1'), ['nobody noted then by which session Kafka Connect']],
    ['is nobody now', carried('7@1'), before, []],
    ['reads for another direction', carried('7@1', 'reverse'), carried('8@1'), []],
  ])('%s', (_, was, is, told) => {
    const changes = whatChanged(was, is).filter(({ kind }) => kind === 'carrier');
    expect(changes).toEqual(
      told.map((text) => ({
        severity: 'void',
        kind: 'carrier',
        table: null,
        text: expect.stringContaining(text),
      })),
    );
    const since = voidSince(was, is);
    for (const text of told) expect(since).toContain(text);
  });
});

test('nothing changed: everything stands', () => {
  expect(whatChanged(before, structuredClone(before))).toEqual([]);
});

describe.each<[what: string, after: Identity, severity: string, text: RegExp]>([
  ['exchanged', withTable({ oid: '11', file: '11' }), 'stop', /a of the monolith was exchanged/],
  ['gone', withTable({ oid: '' }), 'stop', /not there any more/],
  ['stored anew', withTable({ file: '11' }), 'void', /was stored anew/],
  ['another replica identity', withTable({ replicaIdentity: 'f' }), 'void', /replica identity/],
  [
    'rewritten',
    withTable({ file: '11', columns: [{ ...column, version: '101', type: 'varchar' }] }),
    'reread',
    /column name .* was rewritten \(text is varchar now\)/,
  ],
  [
    'rewritten in its leaves',
    withTable({
      columns: [{ ...column, version: '101' }],
      leaves: [{ ...leaf, file: '21' }],
    }),
    'reread',
    /column name .* was rewritten/,
  ],
  ['a column made again', withColumn({ number: 7 }), 'reread', /column name .* exchanged/],
  ['another type', withColumn({ type: 'varchar' }), 'void', /another type \(text is varchar now\)/],
  ['a leaf gone', withTable({ leaves: [] }), 'reread', /a_1 .* was detached or dropped/],
  ['a leaf truncated', withLeaf({ file: '22' }), 'reread', /a_1 .* truncated or stored anew/],
  ['a leaf back', withLeaf({ attached: '91 x' }), 'reread', /a_1 .* attached again/],
  ['no publication', { ...before, publication: null }, 'stop', /p of the monolith does not exist/],
  ['another publication', withPublication({ oid: '33' }), 'stop', /made anew/],
  ['other actions', withPublication({ actions: 'insert' }), 'stop', /publishes insert \(was/],
  ['a table left out', withPublication({ tables: [] }), 'stop', /does not hold public.a/],
  ['a row filter', published2({ filter: 'x' }), 'stop', /row filter on public.a/],
  ['a column list', published2({ columns: '1' }), 'stop', /column list on public.a/],
  ['back in it', published2({ membership: '32' }), 'stop', /did not hold public.a for a while/],
  ['an altered publication', withPublication({ version: '81' }), 'void', /was altered/],
  [
    'another key',
    { ...before, mapping: [{ ...mapped, key: ['name'] }] },
    'stop',
    /has the key name \(was id\)/,
  ],
  [
    'one more column mapped',
    withPart({ links: { ...part.links, size: 'size' } as never }),
    'reread',
    /takes size to public.b as well/,
  ],
  [
    'a column translated otherwise',
    withPart({ links: { id: 'id', name: 'title [["a","b"]]' } }),
    'reread',
    /takes name to public.b otherwise/,
  ],
  [
    'a column not mapped',
    withPart({ links: { id: 'id' } as never }),
    'void',
    /takes name .* no more/,
  ],
  ['other constants', withPart({ constants: '[["x","1"]]' }), 'void', /other constants/],
  ['no mapping', { ...before, mapping: [] }, 'void', /not mapped any more/],
])('%s', (_what, after, severity, text) => {
  test(`is ${severity}, and told`, () => {
    const changes = whatChanged(before, after);
    expect(changes[0]?.severity).toBe(severity);
    expect(changesText(changes)).toMatch(text);
  });
});

test('a table that came to the mapping is read again: nobody copied it, or changes of it passed meanwhile', () => {
  expect(whatChanged({ ...before, mapping: [] }, before)).toMatchObject([
    { severity: 'reread', table: 'public.a', text: 'table public.a was not mapped' },
  ]);
});

test('a table that is not mapped any more may leave the publication: nobody waits for its changes', () => {
  const after = withPublication({ tables: [], version: '81' });
  expect(whatChanged(before, { ...after, mapping: [] })).toMatchObject([
    { severity: 'void', text: 'publication p of the monolith was altered' },
    { severity: 'void', text: 'table public.a is not mapped any more' },
  ]);
});

test('what passes: a column that ALTER touched without a rewrite', () => {
  expect(whatChanged(before, withColumn({ version: '101' }))).toEqual([]);
});

test('a new partition says which, so that an empty one can pass', () => {
  const other = { ...leaf, oid: '25', name: 'public.a_2' };
  expect(whatChanged(before, withTable({ leaves: [leaf, other] }))).toEqual([
    {
      severity: 'reread',
      kind: 'partition',
      table: 'public.a',
      text: 'partition public.a_2 of table public.a of the monolith was made or attached',
      newLeaf: { side: 'monolith', oid: '25' },
    },
  ]);
});

test('values of an enum that were renamed are read again, one more value is not', () => {
  const state = { ...column, labels: ['1:on', '2:off'] };
  const old: Identity = { ...before, monolith: [{ ...table, columns: [state] }] };
  const now = (labels: string[]): Identity => ({
    ...before,
    monolith: [{ ...table, columns: [{ ...state, labels }] }],
  });
  expect(whatChanged(old, now(['1:on', '2:off', '3:new']))).toEqual([]);
  expect(whatChanged(old, now(['1:on', '2:gone']))[0]?.severity).toBe('reread');
});

test("the publication of the other direction says nothing about this one's", () => {
  expect(whatChanged(before, { ...before, direction: 'reverse', publication: null })).toEqual([]);
});

test('a service table that changes names the mapped table of the monolith', () => {
  const after: Identity = {
    ...before,
    service: [{ ...before.service[0]!, oid: '99' }],
  };
  expect(whatChanged(before, after)).toMatchObject([{ severity: 'stop', table: 'public.a' }]);
});

describe('the fence of the side that does not own', () => {
  const fence = { opened: 0, noticed: [], open: [] };
  const opened = { opened: 1, noticed: ['the fence of public.b was switched off'], open: [] };
  const withFence = (change: Identity['fence']): Identity => ({
    ...before,
    ...(change && { fence: change }),
  });

  test.each<[string, Identity['fence'], Identity['fence'], string | undefined]>([
    ['as it was', fence, fence, undefined],
    ['of an earlier release', undefined, fence, undefined],
    [
      'of an earlier release, and opened since its marks began',
      undefined,
      opened,
      'the fence of public.b was switched off on the service: writes left no trace',
    ],
    ['opened once, and verified since', opened, opened, undefined],
    [
      'opened since',
      fence,
      opened,
      'the fence of public.b was switched off on the service: writes left no trace',
    ],
    [
      'open since',
      fence,
      { ...fence, open: ['public.b'] },
      'other tables of the service are fenced than were',
    ],
    [
      'open then and now',
      { ...fence, open: ['public.b'] },
      { ...fence, open: ['public.b'] },
      'nothing fenced public.b then, and anybody could write there',
    ],
  ])('%s', (_what, was, is, why) => {
    expect(voidSince(withFence(was), withFence(is))).toBe(why);
    // No stream stops for it, and nothing is read again.
    expect(whatChanged(withFence(was), withFence(is)).map(({ severity }) => severity)).toEqual(
      why === undefined || why.startsWith('nothing') ? [] : ['void'],
    );
    // What a shadow compared has other reasons.
    expect(voidSince(withFence(was), withFence(is), ['table'])).toBeUndefined();
  });

  test('of the other direction is another fence', () =>
    expect(whatChanged(withFence(fence), { ...withFence(opened), direction: 'reverse' })).toEqual(
      [],
    ));
});

describe('several mappings of one table', () => {
  const kind = (name: string) => ({
    ...mapped,
    where: `[["kind","${name}"]]`,
    parts: [{ ...part, service: `public.${name}s` }],
  });
  const [books, discs] = [kind('book'), kind('disc')];
  const told = (was: readonly (typeof mapped)[], is: readonly (typeof mapped)[]): string[] =>
    whatChanged({ ...before, mapping: was }, { ...before, mapping: is }).map(
      ({ severity, text }) => `${severity}: ${text}`,
    );

  test('each is compared with itself, in whichever order they stand', () => {
    expect(told([books, discs], [discs, books])).toEqual([]);
    expect(told([books, discs], [books, { ...discs, where: '[["kind","map"]]' }])).toEqual([
      'reread: the mapping of public.a is for other rows than it was',
    ]);
  });

  test('one that comes is read, one that goes is told', () => {
    expect(told([books], [books, discs])).toEqual([
      'reread: table public.a to public.discs was not mapped',
    ]);
    expect(told([books, discs], [books])).toEqual([
      'void: table public.a to public.discs is not mapped any more',
    ]);
  });

  test('the only one of its table is the same one with another target', () => {
    expect(told([books], [{ ...books, parts: discs.parts }])).toEqual([
      'reread: the mapping of public.a takes id, name to public.discs as well',
      'void: the mapping of public.a takes nothing to public.books any more',
    ]);
  });
});
