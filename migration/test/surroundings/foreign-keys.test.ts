import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import type { Direction, ForeignKeyDecision, Side } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { prepareApplySession } from '../../src/apply/apply-session.ts';
import type { LogicalRow, RowChange } from '../../src/apply/row-change.ts';
import { writeChanges } from '../../src/apply/write-changes.ts';
import { writeTargets } from '../../src/apply/write-target.ts';
import { connect } from '../../src/database/connect.ts';
import { loadMapping } from '../../src/mapping/load.ts';
import { isOpen, lookAround } from '../../src/surroundings/index.ts';
import { verify } from '../../src/verify/index.ts';
import { type Pair, testPair } from '../replica/pair.ts';

/** Both sides have the same, so that both directions meet every kind of key. */
const ddl = `
CREATE TABLE suppliers (id int PRIMARY KEY);
CREATE TABLE things (id int PRIMARY KEY, code text UNIQUE NOT NULL, a int, b int, supplier int, UNIQUE (a, b),
  CONSTRAINT known FOREIGN KEY (supplier) REFERENCES suppliers);
CREATE TABLE cascading (id serial PRIMARY KEY, thing int CONSTRAINT key REFERENCES things ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE below (cascading int CONSTRAINT key REFERENCES cascading ON DELETE CASCADE);
CREATE TABLE nulling (thing int CONSTRAINT key REFERENCES things ON DELETE SET NULL ON UPDATE SET NULL);
CREATE TABLE defaulting (thing int DEFAULT 1 CONSTRAINT key REFERENCES things ON DELETE SET DEFAULT);
CREATE TABLE restricting (thing int CONSTRAINT key REFERENCES things ON DELETE RESTRICT);
CREATE TABLE deferred (thing int CONSTRAINT key REFERENCES things DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE by_code (code text CONSTRAINT key REFERENCES things (code) ON UPDATE CASCADE ON DELETE CASCADE);
CREATE TABLE by_two (a int, b int, n int, CONSTRAINT key FOREIGN KEY (a, b) REFERENCES things (a, b) ON DELETE SET NULL (b));
CREATE TABLE accepting (thing int CONSTRAINT key REFERENCES things ON DELETE CASCADE);
CREATE TABLE parking (thing int CONSTRAINT key REFERENCES things ON DELETE CASCADE);
INSERT INTO suppliers VALUES (1);
INSERT INTO things SELECT n, 'c' || n, n, n * 10, 1 FROM generate_series(1, 30) n;`;
const children =
  'cascading nulling defaulting restricting deferred by_code by_two accepting parking'.split(' ');
const reason = 'for the test';
const decisions: Record<string, ForeignKeyDecision> = Object.fromEntries([
  ...children.map((table): [string, ForeignKeyDecision] => [
    `${table}.key`,
    {
      onApply: table === 'accepting' ? 'accept' : table === 'parking' ? 'park' : 'carry-out',
      reason,
    },
  ]),
  ['things.known', { onApply: 'park', reason }],
]);
const columns = { id: 'id', code: 'code', a: 'a', b: 'b', supplier: 'supplier' };

let pair: Pair;
beforeAll(async () => {
  pair = await testPair(
    'foreign_keys',
    ddl,
    ddl,
    [
      {
        monolith: 'things',
        service: [{ table: 'things', columns }],
        ids: { id: { reason } },
      },
    ],
    { monolith: decisions, service: decisions },
  );
});
afterAll(() => pair.close());

describe.each<[Direction, Side]>([
  ['forward', 'service'],
  ['reverse', 'monolith'],
])('applied %s, on the %s', (direction, side) => {
  let client: pg.Client;
  beforeAll(async () => {
    client = await connect(pair[side].url, { applicationName: 'test' });
    await prepareApplySession(client, null);
  });
  afterAll(() => client.end());

  const change = (kind: 'delete' | 'rekey' | 'put' | 'truncate', rest: object = {}): RowChange =>
    ({ table: 0, transaction: 1n, events: [], kind, ...rest }) as RowChange;
  const remove = (id: number): RowChange => change('delete', { key: { id: String(id) } });
  const row = (id: number, changed: LogicalRow = {}): LogicalRow => ({
    id: String(id),
    code: `c${id}`,
    a: String(id),
    b: String(id * 10),
    supplier: '1',
    ...changed,
  });
  const put = (id: number, changed: LogicalRow = {}): RowChange =>
    change('put', { key: { id: String(id) }, row: row(id, changed), fresh: false });
  const rekey = (from: number, to: number): RowChange =>
    change('rekey', {
      key: { id: String(to) },
      oldKey: { id: String(from) },
      row: { ...row(from), id: String(to) },
      complete: true,
    });
  /** Writes in a transaction that is rolled back; answers what the query finds in it. */
  const after = async (setup: string, changes: RowChange[], query: string): Promise<unknown[]> => {
    await client.query('BEGIN');
    try {
      await client.query(setup);
      await writeChanges(client, writeTargets(pair.mapping, direction), changes);
      return (await client.query({ text: query, rowMode: 'array' })).rows.flat();
    } finally {
      await client.query('ROLLBACK');
    }
  };

  test('ON DELETE CASCADE takes the rows along, and theirs', async () => {
    const setup = 'INSERT INTO cascading VALUES (1, 5), (2, 6); INSERT INTO below VALUES (1), (2)';
    const left = `SELECT (SELECT string_agg(thing::text, ',') FROM cascading), (SELECT string_agg(cascading::text, ',') FROM below), current_setting('session_replication_role')`;
    // what is applied next is a replica's again
    expect(await after(setup, [remove(5), remove(7)], left)).toEqual(['6', '2', 'replica']);
  });
  test('ON UPDATE CASCADE follows the key', async () =>
    expect(
      await after(
        'INSERT INTO cascading (thing) VALUES (5), (6)',
        [rekey(5, 500)],
        'SELECT thing FROM cascading ORDER BY 1',
      ),
    ).toEqual(['6', '500']));
  test('ON DELETE and ON UPDATE SET NULL', async () =>
    expect(
      await after(
        'INSERT INTO nulling VALUES (5), (6), (7)',
        [remove(5), rekey(6, 600)],
        'SELECT thing FROM nulling ORDER BY 1',
      ),
    ).toEqual(['7', null, null]));
  test('ON DELETE SET DEFAULT', async () =>
    expect(
      await after('INSERT INTO defaulting VALUES (5)', [remove(5)], 'SELECT thing FROM defaulting'),
    ).toEqual(['1']));
  test('a key on another unique column follows its change and its end', async () =>
    expect(
      await after(
        `INSERT INTO by_code VALUES ('c5'), ('c6'), ('c7')`,
        [put(5, { code: 'new' }), remove(6)],
        'SELECT code FROM by_code ORDER BY 1',
      ),
    ).toEqual(['c7', 'new']));
  test('a key of two columns, of which one becomes NULL', async () =>
    expect(
      await after(
        'INSERT INTO by_two VALUES (5, 50, 1), (6, 60, 2)',
        [remove(5)],
        'SELECT a, b FROM by_two ORDER BY n',
      ),
    ).toEqual(['5', null, '6', '60']));
  test('a row that comes again under its key is not gone', async () =>
    expect(
      await after(
        'INSERT INTO cascading (thing) VALUES (5)',
        [remove(5), put(5)],
        'SELECT thing FROM cascading',
      ),
    ).toEqual(['5']));
  test('a table that is emptied takes along what refers to it', async () =>
    expect(
      await after(
        'INSERT INTO cascading (thing) VALUES (5); INSERT INTO nulling VALUES (6)',
        [change('truncate')],
        'SELECT (SELECT count(*) FROM cascading), (SELECT thing FROM nulling)',
      ),
    ).toEqual(['0', null]));
  test.each(['restricting', 'deferred', 'parking'])(
    '%s: refused, as the key or the context file says',
    async (table) => {
      await expect(
        after(`INSERT INTO ${table} VALUES (5)`, [remove(5)], 'SELECT 1'),
      ).rejects.toMatchObject({
        code: 'APPLY_FAILED',
        message: expect.stringContaining(`${table}.key`),
        details: { data: true },
      });
      expect(
        await after(`INSERT INTO ${table} VALUES (6)`, [remove(5)], `SELECT thing FROM ${table}`),
      ).toEqual(['6']);
    },
  );
  test('a row that would refer to nothing outside is refused, one that finds it is not', async () => {
    await expect(after('SELECT 1', [put(5, { supplier: '99' })], 'SELECT 1')).rejects.toMatchObject(
      {
        message: expect.stringContaining('things.known'),
      },
    );
    expect(
      await after(
        'SELECT 1',
        [put(5, { supplier: null })],
        'SELECT supplier FROM things WHERE id = 5',
      ),
    ).toEqual([null]);
  });
  test('what is accepted stays', async () =>
    expect(
      await after('INSERT INTO accepting VALUES (5)', [remove(5)], 'SELECT thing FROM accepting'),
    ).toEqual(['5']));
});

test('a delete that would leave rows referring to nothing waits as a dead letter, and the others go on', async () => {
  const { monolith, service } = pair;
  await service.client.query('TRUNCATE things CASCADE');
  await pair.copy();
  await service.client.query(
    'INSERT INTO restricting VALUES (5); INSERT INTO cascading (thing) VALUES (6)',
  );
  await pair.replicate(0);
  await monolith.client.query('DELETE FROM things WHERE id IN (5, 6, 7)');
  await until('the deletes have come', async () => {
    const { rows } = await service.client.query('SELECT id FROM things WHERE id IN (5, 6, 7)');
    return rows.map(({ id }) => id).join() === '5';
  });
  const { rows: letters } = await service.client.query(
    `SELECT key ->> 'id' AS id, error FROM strangler.dead_letters`,
  );
  expect(letters).toEqual([{ id: '5', error: expect.stringContaining('restricting.key') }]);
  expect((await service.client.query('SELECT thing FROM cascading')).rows).toEqual([]);
});

test('verify counts rows that refer to nothing, on both sides', async () => {
  for (const side of ['monolith', 'service'] as const)
    await pair[side].client.query(
      'SET session_replication_role = replica; INSERT INTO nulling VALUES (1000); INSERT INTO accepting VALUES (1000), (1001); RESET session_replication_role',
    );
  const result = await verify({
    mapping: pair.mapping,
    monolithUrl: pair.monolith.url,
    serviceUrl: pair.service.url,
    direction: 'forward',
    appliedPosition: () => pair.appliedPosition(),
  });
  expect(
    result.orphans.map(({ side, foreignKey, rows, accepted }) => [
      side,
      foreignKey,
      rows,
      accepted,
    ]),
  ).toEqual([
    ['monolith', 'accepting.key', 2, true],
    ['monolith', 'nulling.key', 1, false],
    ['service', 'accepting.key', 2, true],
    ['service', 'nulling.key', 1, false],
  ]);
});

test('every key that crosses is a question until it is decided, and a decision of no key is one too', async () => {
  const { monolith, service } = pair;
  const keys = async (definition: typeof pair.definition) =>
    (await lookAround(definition, monolith.client, service.client)).filter(isOpen);
  expect(await keys(pair.definition)).toEqual([]);
  const undecided = await keys({ ...pair.definition, foreignKeys: {} });
  expect(undecided.map(({ about }) => about).sort()).toEqual(
    [...children, ...children]
      .map((table) => `foreign key ${table}.key`)
      .concat('foreign key things.known', 'foreign key things.known')
      .sort(),
  );
  expect(undecided.find(({ about }) => about.includes('cascading'))).toMatchObject({
    problem: expect.stringContaining('ON DELETE CASCADE, ON UPDATE CASCADE'),
    remedy: expect.stringContaining("foreignKeys.monolith['cascading.key']"),
  });
  const unknown = {
    monolith: { ...decisions, 'things.gone': { onApply: 'accept', reason } as const },
    service: decisions,
  };
  expect(
    (await keys({ ...pair.definition, foreignKeys: unknown })).map(({ about }) => about),
  ).toEqual(['foreign key things.gone']);
});

test('what another context streams cannot be carried out here: its stream leaves out what replication wrote', async () => {
  const { client } = pair.monolith;
  await client.query('CREATE PUBLICATION strangler_orders_forward FOR TABLE cascading');
  try {
    const mapping = await loadMapping(pair.definition, client, pair.service.client);
    expect(
      mapping.crossing.filter(({ childStreamed }) => childStreamed).map(({ name }) => name),
    ).toEqual(['cascading.key']);
    const open = (await lookAround(pair.definition, client, pair.service.client)).filter(isOpen);
    expect(open.map(({ remedy }) => remedy)).toEqual([
      expect.stringContaining("choose 'park' or 'accept'"),
    ]);
  } finally {
    await client.query('DROP PUBLICATION strangler_orders_forward');
  }
});
