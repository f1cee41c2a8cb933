import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import type { MigrationDefinition, OnReturn } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { Applier } from '../../src/apply/applier.ts';
import { prepareApplySession } from '../../src/apply/apply-session.ts';
import { connect } from '../../src/database/connect.ts';
import { loadMapping } from '../../src/mapping/load.ts';
import { installReplicaSchema } from '../../src/replica/schema.ts';
import { openStreamRow } from '../../src/replica/streams.ts';
import type { ChangeEvent, Row } from '../../src/stream/change-event.ts';
import { readTriggers } from '../../src/surroundings/triggers.ts';
import { findUnderived } from '../../src/verify/derived.ts';
import { encodeRow } from '../encode-row.ts';

let database: TestDatabase;
let client: pg.Client;
let session: pg.Client;
let applier: Applier;
let position = 1000n;

const expression =
  "lower(name) || ':' || region || ':' || coalesce(note, '-') -- what people search for";
const derived = (sql: string): { onReturn: OnReturn; reason: string } => ({
  onReturn: { expression: sql },
  reason: 'derived',
});
const definition = (
  search: OnReturn,
  more: Readonly<Record<string, ReturnType<typeof derived>>> = {},
): MigrationDefinition => ({
  context: 'people',
  data: 'replicated',
  monolith: { url: '' },
  service: { url: '' },
  routes: [],
  tables: [
    {
      monolith: 'people',
      service: [
        { table: 'persons', columns: { id: 'id', name: 'name' } },
        { table: 'notes', columns: { id: 'id', note: 'note' } },
      ],
      leave: {
        region: { onReturn: 'default', reason: 'all are here' },
        search: { onReturn: search, reason: 'derived' },
        stamp: { onReturn: { trigger: 'stamping' }, reason: 'the trigger sets it' },
        ...more,
      },
    },
  ],
});

beforeAll(async () => {
  database = await createTestDatabase('on_return');
  client = await connect(database.url, { applicationName: 'test' });
  session = await connect(database.url, { applicationName: 'test' });
  await client.query(`
    CREATE TABLE people (id bigint PRIMARY KEY, name text NOT NULL, note text, region text NOT NULL DEFAULT 'eu',
      search text NOT NULL DEFAULT '', stamp text NOT NULL);
    CREATE TABLE persons (id bigint PRIMARY KEY, name text NOT NULL);
    CREATE TABLE notes (id bigint PRIMARY KEY, note text);
    CREATE FUNCTION stamping() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.stamp := ''by '' || NEW.name; RETURN NEW; END';
    CREATE TRIGGER stamping BEFORE INSERT OR UPDATE ON people FOR EACH ROW EXECUTE FUNCTION stamping();
    ALTER TABLE people ENABLE ALWAYS TRIGGER stamping`);
  await installReplicaSchema(client);
  await prepareApplySession(session, null);
  const mapping = await loadMapping(definition({ expression }), client, client);
  const stream = { context: 'people', direction: 'reverse' } as const;
  await openStreamRow(client, stream, { epoch: 1n, position: 100n });
  applier = new Applier({ client: session, mapping, ...stream, epoch: 1n });
});
afterAll(async () => {
  await client?.end();
  await session?.end();
  await database?.drop();
});
beforeEach(() => client.query('TRUNCATE people'));

type Change = Pick<ChangeEvent, 'op' | 'before' | 'after' | 'encoded'> & { readonly table: string };
const made = (table: string, after: Row): Change => ({ table, op: 'c', before: null, after });
const encoded = (table: string, after: Row): Change => ({
  ...made(table, after),
  encoded: encodeRow(after),
});
const changed = (table: string, after: Row, before: Row | null = null): Change => ({
  table,
  op: 'u',
  before,
  after,
});

async function apply(...changes: readonly Change[]): Promise<void> {
  const commitLsn = (position += 100n);
  await applier.apply([
    { kind: 'begin', commitLsn, commitTime: 0n, xid: 1 },
    {
      kind: 'changes',
      size: changes.length,
      events: changes.map(({ table, ...change }, index): ChangeEvent => ({
        ...change,
        source: {
          connector: 'postgresql',
          db: 'd',
          schema: 'public',
          table,
          txId: 1,
          lsn: commitLsn,
          ts_us: 0n,
        },
        position: { commitLsn, index },
      })),
    },
    { kind: 'commit', commitLsn, endLsn: commitLsn + 5n, commitTime: 0n },
  ]);
}
const rows = async (): Promise<unknown[]> =>
  (await client.query('SELECT id, name, search, stamp FROM people ORDER BY people.id')).rows;
const person = (id: number, name = `Name ${id}`): Row => ({ id: String(id), name });

test('an expression is computed over each row that comes back: made, changed in one part, under another key', async () => {
  await apply(
    made('persons', person(1)),
    made('notes', { id: '1', note: 'n1' }),
    made('persons', person(2)),
    made('notes', { id: '2', note: null }),
  );
  expect(await rows()).toEqual([
    { id: '1', name: 'Name 1', search: 'name 1:eu:n1', stamp: 'by Name 1' },
    { id: '2', name: 'Name 2', search: 'name 2:eu:-', stamp: 'by Name 2' },
  ]);
  await client.query(`UPDATE people SET region = 'us' WHERE id = 1`);
  await apply(
    changed('persons', person(1, 'Ann')),
    changed('notes', { id: '2', note: 'new' }),
    made('persons', person(4)),
  );
  await apply(changed('persons', person(3, 'Moved'), { id: '2' }));
  expect(await rows()).toEqual([
    { id: '1', name: 'Ann', search: 'ann:us:n1', stamp: 'by Ann' },
    { id: '3', name: 'Moved', search: 'moved:eu:new', stamp: 'by Moved' },
    { id: '4', name: 'Name 4', search: 'name 4:eu:-', stamp: 'by Name 4' },
  ]);
  await apply({ table: 'notes', op: 't', before: null, after: null });
  expect(await rows()).toMatchObject([
    { search: 'ann:us:-' },
    { search: 'moved:eu:-' },
    { search: 'name 4:eu:-' },
  ]);
});

test.each([
  ['as texts', made],
  ['as bytes, with COPY', encoded],
])('so it is for many new rows at once (%s)', async (_how, make) => {
  const ids = Array.from({ length: 50 }, (_, index) => index + 1);
  await apply(...ids.map((id) => make('persons', person(id))));
  expect(await rows()).toEqual(
    ids.map((id) => ({
      id: String(id),
      name: `Name ${id}`,
      search: `name ${id}:eu:-`,
      stamp: `by Name ${id}`,
    })),
  );
});

test('verify computes it as well, and names rows that hold something else', async () => {
  await apply(made('persons', person(1)), made('persons', person(2)));
  const mapping = await loadMapping(definition({ expression }), client, client);
  expect(await findUnderived(mapping, client)).toEqual([]);
  await client.query(`UPDATE people SET search = 'stale' WHERE id = 2`);
  expect(await findUnderived(mapping, client)).toEqual([
    { table: 'people', column: 'search', rows: 1, keys: [['2']] },
  ]);
});

test.each([
  ['lower(nam)', 'column "nam" does not exist'],
  ['lower(name', 'syntax error'],
  ['max(name)', 'must appear in the GROUP BY clause'],
  ['name || search', 'column "search" does not exist'],
  ['md5(people::text)', 'column "people" does not exist'],
  ['name || random()', 'it is volatile'],
  ['(SELECT name)', 'it is volatile, or looks at more than the row'],
  ['name || (SELECT max(note) FROM notes)', 'it is volatile, or looks at more than the row'],
  ['name || rank() OVER ()', 'it is volatile, or looks at more than the row'],
  ["regexp_split_to_table(name, ' ')", 'it is volatile, or looks at more than the row'],
])('%s is refused by the line of the context file', async (wrong, why) => {
  await expect(
    loadMapping(definition({ expression: wrong }), client, client),
  ).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(
      new RegExp(
        `^contexts/people: tables\\[0\\]\\.leave\\.search\\.onReturn\\.expression: .*${why}`,
      ),
    ),
  });
});

test('a column that takes no row before it is computed wants a default', async () => {
  await client.query('ALTER TABLE people ALTER COLUMN search DROP DEFAULT');
  try {
    await expect(loadMapping(definition({ expression }), client, client)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('computed over the row that was written'),
      remedy: expect.stringContaining('SET DEFAULT'),
    });
  } finally {
    await client.query(`ALTER TABLE people ALTER COLUMN search SET DEFAULT ''`);
  }
});

/** What a table is otherwise, for as long as the work lasts. */
async function withTable(change: string, back: string, work: () => Promise<void>): Promise<void> {
  await client.query(`ALTER TABLE people ${change}`);
  try {
    await work();
  } finally {
    await client.query(`ALTER TABLE people ${back}`);
  }
}

test('a CHECK that ties a derived column to its row is refused: it would park each row that comes back', async () => {
  await withTable(
    'ADD CONSTRAINT tied CHECK (search <> name)',
    'DROP CONSTRAINT tied',
    async () => {
      await expect(loadMapping(definition({ expression }), client, client)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(
          /^contexts\/people: tables\[0\]\.leave\.search\.onReturn\.expression: tied ties .*CHECK \(\(search <> name\)\)/,
        ),
        remedy: expect.stringContaining('DROP CONSTRAINT "tied"'),
      });
    },
  );
  await withTable(
    'ADD CONSTRAINT own CHECK (search IS NOT NULL)',
    'DROP CONSTRAINT own',
    async () => {
      await expect(loadMapping(definition({ expression }), client, client)).resolves.toBeDefined();
    },
  );
});

test('verify finds a value that the column is too short for, and takes one that is rounded', async () => {
  await apply(made('persons', person(1)));
  await withTable(
    "ADD short varchar(3) DEFAULT 'nam', ADD third numeric(10, 2) DEFAULT 0.33",
    'DROP short, DROP third',
    async () => {
      const more = { short: derived('lower(name)'), third: derived('id / 3.0') };
      const mapping = await loadMapping(definition('default', more), client, client);
      expect(await findUnderived(mapping, client)).toEqual([
        { table: 'people', column: 'short', rows: 1, keys: [['1']] },
      ]);
    },
  );
});

test('an expression that throws over a row is told, and hides nothing of the others', async () => {
  await apply(made('persons', person(1)), made('persons', person(2)));
  await client.query(`UPDATE people SET search = 'stale' WHERE id = 2`);
  await withTable('ADD share numeric DEFAULT 1', 'DROP share', async () => {
    const more = { share: derived('1 / (id - 2)') };
    const mapping = await loadMapping(definition({ expression }, more), client, client);
    expect(await findUnderived(mapping, client)).toEqual([
      { table: 'people', column: 'search', rows: 1, keys: [['2']] },
      { table: 'people', column: 'share', rows: 0, keys: [], failure: 'division by zero' },
    ]);
  });
});

test('a trigger is read with whether it sets a column in every row, whoever writes it', async () => {
  const before = (name: string, what: string): string =>
    `CREATE TRIGGER ${name} ${what} FOR EACH ROW EXECUTE FUNCTION stamping();`;
  await client.query(
    'CREATE TABLE triggered (LIKE people);' +
      before('a_both', 'BEFORE INSERT OR UPDATE ON triggered') +
      before('b_replica', 'BEFORE INSERT OR UPDATE OR DELETE ON triggered') +
      'ALTER TABLE triggered ENABLE ALWAYS TRIGGER a_both, ENABLE REPLICA TRIGGER b_replica;' +
      before('c_insert', 'BEFORE INSERT ON triggered') +
      before('d_columns', 'BEFORE INSERT OR UPDATE OF name ON triggered') +
      before('e_after', 'AFTER INSERT OR UPDATE ON triggered') +
      'CREATE TRIGGER f_statement BEFORE INSERT OR UPDATE ON triggered EXECUTE FUNCTION stamping();',
  );
  const found = await readTriggers(client, 'monolith', [{ schema: 'public', table: 'triggered' }]);
  expect(
    found.map(({ name, whenApplied, always, setsEachRow }) =>
      [name.split('.').at(-1), whenApplied, always, setsEachRow].join(' '),
    ),
  ).toEqual([
    'a_both true true true',
    'b_replica true false true',
    'c_insert false false false',
    'd_columns false false false',
    'e_after false false false',
    'f_statement false false false',
  ]);
});
