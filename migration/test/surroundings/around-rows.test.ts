import { expect, test } from '@jest/globals';
import { sharedKafka } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import type { ForeignKeyDecision, MigrationDefinition, Side } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { loadMapping } from '../../src/mapping/load.ts';
import { lsnFromText } from '../../src/database/lsn.ts';
import { listDeadLetters } from '../../src/replica/dead-letters.ts';
import { chooseTransport } from '../../src/stream/choose-transport.ts';
import type { Transport } from '../../src/stream/index.ts';
import { verify } from '../../src/verify/index.ts';
import { caughtUp, definition, flip, openShop, type Shop, startWorker } from '../worker/shop.ts';

/** What a session of an application would see there, and none of ours may. */
const elsewhere = `DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I SET TimeZone = ''America/St_Johns''', current_database());
  EXECUTE format('ALTER DATABASE %I SET DateStyle = ''SQL, DMY''', current_database());
  EXECUTE format('ALTER DATABASE %I SET IntervalStyle = ''iso_8601''', current_database()); END $$;`;
const around = `
CREATE TABLE suppliers (id int PRIMARY KEY); INSERT INTO suppliers VALUES (1);
CREATE TABLE things (id int PRIMARY KEY, name text NOT NULL, supplier int CONSTRAINT known REFERENCES suppliers,
  at timestamp, seen timestamptz, day date, span interval CHECK (isfinite(span)), numbers int[], words text[]);
ALTER TABLE things ALTER words SET STORAGE EXTERNAL;
CREATE TABLE cascading (thing int CONSTRAINT key REFERENCES things ON DELETE CASCADE);
CREATE TABLE nulling (thing int CONSTRAINT key REFERENCES things ON DELETE SET NULL);
CREATE TABLE restricting (thing int CONSTRAINT key REFERENCES things ON DELETE RESTRICT);
CREATE TABLE accepting (thing int CONSTRAINT key REFERENCES things ON DELETE CASCADE);
CREATE TABLE trail (thing int);
CREATE FUNCTION trail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO trail VALUES (NEW.id); RETURN NULL; END';
CREATE TRIGGER trail AFTER INSERT ON things FOR EACH ROW EXECUTE FUNCTION trail();
ALTER TABLE things ENABLE ALWAYS TRIGGER trail;
CREATE TRIGGER silent AFTER INSERT ON things FOR EACH ROW EXECUTE FUNCTION trail();`;
const derived = `
ALTER TABLE things ADD search text NOT NULL DEFAULT '', ADD stamp text NOT NULL DEFAULT '', ADD region text NOT NULL DEFAULT 'eu';
CREATE FUNCTION stamping() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.stamp := 'by ' || NEW.name; RETURN NEW; END $$;
CREATE TRIGGER stamping BEFORE INSERT OR UPDATE ON things FOR EACH ROW EXECUTE FUNCTION stamping();
ALTER TABLE things ENABLE ALWAYS TRIGGER stamping;`;

const reason = 'of this test';
const keys: Record<string, ForeignKeyDecision> = {
  'cascading.key': { onApply: 'carry-out', reason },
  'nulling.key': { onApply: 'carry-out', reason },
  'restricting.key': { onApply: 'carry-out', reason },
  'accepting.key': { onApply: 'accept', reason },
  'things.known': { onApply: 'park', reason },
};
const columns = ['id', 'name', 'supplier', 'at', 'seen', 'day', 'span', 'numbers', 'words'];
const decided: MigrationDefinition = {
  ...definition,
  tables: [
    {
      monolith: 'things',
      service: [
        { table: 'things', columns: Object.fromEntries(columns.map((name) => [name, name])) },
      ],
      ids: { id: { reason } },
      leave: {
        search: { onReturn: { expression: 'lower(name)' }, reason },
        stamp: { onReturn: { trigger: 'stamping' }, reason },
        region: { onReturn: 'default', reason },
      },
    },
  ],
  foreignKeys: { monolith: keys, service: keys },
  triggers: {
    monolith: { 'things.trail': { onApply: 'fires', reason } },
    service: { 'things.trail': { onApply: 'fires', reason } },
  },
};

/** The ends of what each type holds, and hours that the zone of the databases has not, or has twice. */
const times = (first: number): string =>
  [
    `'2024-03-10 02:30:00.123456', '2024-11-03 01:30:00.5-02:30', '2024-03-10', '1 mon -1 day 02:30:00.5'`,
    `'4714-11-24 00:00:00 BC', '4714-11-24 00:00:00+00 BC', '4714-11-24 BC', '-178000000 years'`,
    `'294246-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', '5874897-12-31', '178000000 years'`,
    `'infinity', 'infinity', 'infinity', NULL`,
    `'-infinity', '-infinity', '-infinity', '0'`,
    // past what 64 bits hold in microseconds since 1970
    `'294250-01-01 00:00:00', NULL, NULL, NULL`,
    `'294276-12-31 23:59:59.999999', NULL, NULL, NULL`,
  ]
    .map((values, index) => `(${first + index}, 'Time ${index}', 1, ${values})`)
    .join(', ');
/** Arrays whose bounds, dimensions and NULLs the way through Debezium does not bring. */
const arrays = [
  ['[2:4]={1,2,3}', '[0:1]={a,"b,c"}'],
  ['{NULL,NULL}', '{NULL}'],
  ['{{1,2},{3,NULL}}', '{{a,NULL},{"NULL",""}}'],
  ['[0:0][3:4]={{1,NULL}}', '{{{NULL}}}'],
  ['{1,NULL,3}', '{a,NULL}'],
  ['{}', '[7:7]={NULL}'],
];
const insert = (first: number): string =>
  [
    `INSERT INTO things (${columns.slice(0, -2).join(', ')}) VALUES ${times(first)}`,
    ...arrays.map(
      ([numbers, words], index) =>
        `UPDATE things SET numbers = '${numbers}', words = '${words}' WHERE id = ${first + index}`,
    ),
    // A large one stays where it is when its row gets another key.
    `UPDATE things SET words = array_fill(repeat('x', 3000), ARRAY[3], ARRAY[-1]) WHERE id = ${first + 6}`,
  ].join(';');
/** In a transaction of its own: what it reads of the row was written before. */
const moved = (first: number): string =>
  `UPDATE things SET id = ${first + 60} WHERE id = ${first + 6}`;
const rows = async (client: pg.Client, from: number): Promise<unknown[]> =>
  (
    await client.query({
      text: `SELECT id, name, supplier, at::text, (seen AT TIME ZONE 'UTC')::text, day::text, span::text, numbers::text, words::text FROM things WHERE id >= ${from} ORDER BY id`,
      rowMode: 'array',
    })
  ).rows;

/** Rows outside that refer to things from `first` on, of which the owner then deletes those. */
async function deletedOutside(shop: Shop, owner: Side, first: number): Promise<void> {
  const other = owner === 'monolith' ? shop.service : shop.monolith;
  const direction = owner === 'monolith' ? 'forward' : 'reverse';
  const tables = ['cascading', 'nulling', 'restricting', 'accepting'];
  for (const [index, table] of tables.entries())
    await other.query(`INSERT INTO ${table} VALUES (${first + index})`);
  await shop[owner].query(`DELETE FROM things WHERE id BETWEEN ${first} AND ${first + 3}`);
  await shop[owner].query(
    `INSERT INTO suppliers VALUES (${first}); INSERT INTO things (id, name, supplier) VALUES (${first + 50}, 'Orphan', ${first})`,
  );
  await caughtUp(shop, direction);
  const left = async (text: string): Promise<unknown[]> =>
    (await other.query({ text, rowMode: 'array' })).rows.flat();
  expect({
    cascading: await left('SELECT thing FROM cascading'),
    nulling: await left('SELECT thing FROM nulling'),
    restricting: await left('SELECT thing FROM restricting'),
    accepting: await left('SELECT thing FROM accepting'),
    things: await left(
      `SELECT id FROM things WHERE id BETWEEN ${first} AND ${first + 3} OR id = ${first + 50}`,
    ),
  }).toEqual({
    cascading: [],
    nulling: [null],
    restricting: [String(first + 2)],
    accepting: [String(first + 3)],
    // kept, as the key forbids its end; the one that came without what it refers to waits as well
    things: [String(first + 2)],
  });
  expect(
    (await listDeadLetters(other, { context: 'goods' })).map(({ key, error }) => [
      key.id,
      /restricting\.key|things\.known/.exec(error)?.[0],
    ]),
  ).toEqual([
    [String(first + 2), 'restricting.key'],
    [String(first + 50), 'things.known'],
  ]);
}

async function orphans(shop: Shop, direction: 'forward' | 'reverse'): Promise<unknown[]> {
  const other = direction === 'forward' ? shop.service : shop.monolith;
  const found = await verify({
    mapping: await loadMapping(shop.definition, shop.monolith, shop.service),
    monolithUrl: shop.monolithUrl,
    serviceUrl: shop.serviceUrl,
    direction,
    async appliedPosition() {
      const result = await other.query<{ position: string }>(
        `SELECT position FROM strangler.streams WHERE context = 'goods' AND direction = $1`,
        [direction],
      );
      return lsnFromText(result.rows[0]?.position ?? '0/0');
    },
  });
  return found.orphans.map((one) => [one.side, one.foreignKey, one.rows, one.accepted]);
}

/** One stream there and one back, with all that lies around the rows decided. */
async function expectAsDecided(transport?: Transport): Promise<void> {
  await using opened = await openShop({}, transport);
  const shop = { ...opened, definition: decided };
  const { monolith, service } = shop;
  await monolith.query(`${elsewhere} ${around} ${derived}
    INSERT INTO things (id, name, supplier) SELECT n, 'Thing ' || n, 1 FROM generate_series(1, 40) n; ${insert(100)}`);
  await service.query(`${elsewhere} ${around}`);
  await using worker = startWorker(shop);
  const failed = worker.told.then((told) => Promise.reject(new Error(`the worker ended: ${told}`)));
  failed.catch(() => undefined);
  const applied = (direction: 'forward' | 'reverse'): Promise<void> =>
    Promise.race([caughtUp(shop, direction), failed]);
  await applied('forward');
  await monolith.query(insert(200));
  await monolith.query(moved(200));
  await applied('forward');
  expect(await rows(service, 100)).toEqual(await rows(monolith, 100));
  await deletedOutside(shop, 'monolith', 5);
  expect(await orphans(shop, 'forward')).toEqual([['service', 'accepting.key', 1, true]]);
  const trail = (client: pg.Client): Promise<string> =>
    client
      .query(
        `SELECT string_agg(thing::text, ',' ORDER BY thing) AS all FROM trail WHERE thing >= 200`,
      )
      .then((result) => String(result.rows[0].all));
  // the one that is ALWAYS has fired for each row that came, the other for none
  expect(await trail(service)).toBe('200,201,202,203,204,205,206');
  await service.query('DELETE FROM strangler.dead_letters');

  await flip(shop, 'service');
  await applied('reverse');
  await service.query(`${insert(300)}; UPDATE things SET name = 'Changed' WHERE id = 20`);
  await service.query(moved(300));
  await applied('reverse');
  expect(await rows(monolith, 300)).toEqual(await rows(service, 300));
  expect(
    (
      await monolith.query({
        text: 'SELECT search, stamp, region FROM things WHERE id IN (20, 300) ORDER BY id',
        rowMode: 'array',
      })
    ).rows,
  ).toEqual([
    ['changed', 'by Changed', 'eu'],
    ['time 0', 'by Time 0', 'eu'],
  ]);
  expect(await trail(monolith)).toMatch(/,300,301,302,303,304,305,306$/);
  await deletedOutside(shop, 'service', 25);
  expect(await orphans(shop, 'reverse')).toContainEqual(['monolith', 'accepting.key', 1, true]);
}

test('what lies around the rows is done as decided, there and back', () => expectAsDecided());

describeWithKafka('over Kafka', () => {
  test('what lies around the rows is done as decided, there and back, through Kafka', async () => {
    const { brokers, connectUrl } = await sharedKafka();
    await expectAsDecided(
      chooseTransport(decided, {
        STRANGLER_TRANSPORT: 'kafka',
        KAFKA_BROKERS: brokers,
        CONNECT_URL: connectUrl,
      }),
    );
  });
});
