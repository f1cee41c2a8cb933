import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type PostgresServer, startPostgres } from '@strangler-toolkit/dev-stack';
import pg from 'pg';
import { openControl } from '../../src/control/index.ts';
import { installFence } from '../../src/cutover/fence.ts';
import { type FindingKind, findingKinds } from '../../src/findings/kinds.ts';
import { cli, json } from '../support/cli.ts';
import { openScene, type Scene, shop } from '../support/scene.ts';

/** One of everything that the guide to the database names. */
const both = `
CREATE TABLE plain_ids (id bigint PRIMARY KEY);
CREATE SEQUENCE common; CREATE TABLE shared_ids (id bigint DEFAULT nextval('common') PRIMARY KEY);
CREATE TABLE outside (id bigint DEFAULT nextval('common') PRIMARY KEY);
CREATE TABLE carts (id serial PRIMARY KEY, item bigint CONSTRAINT cart_item REFERENCES shared_ids ON DELETE SET NULL);
CREATE TABLE baskets (id serial PRIMARY KEY, item bigint CONSTRAINT item REFERENCES shared_ids ON DELETE CASCADE);
CREATE VIEW looking AS SELECT * FROM outside; CREATE UNLOGGED TABLE hasty (id bigserial PRIMARY KEY);
CREATE TABLE parent (id bigserial PRIMARY KEY); CREATE TABLE child () INHERITS (parent);
CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
CREATE TABLE parted (id bigint) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE far PARTITION OF parted FOR VALUES FROM (0) TO (10) SERVER nowhere;
CREATE TABLE secret (id bigserial PRIMARY KEY); ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE TABLE late (id bigserial PRIMARY KEY DEFERRABLE);
CREATE TABLE picture (id bigserial PRIMARY KEY, file oid, kind regclass);
CREATE EXTENSION citext;
CREATE DOMAIN percent AS text; CREATE TYPE mood AS ENUM ('calm');
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.touched := now(); RETURN NEW; END';
CREATE PUBLICATION strangler_orders_forward FOR TABLE baskets;`;
const meaning = (columns: string): string => `
CREATE TABLE meaning (id bigserial PRIMARY KEY, touched timestamptz, ${columns});
CREATE TABLE values_of (id bigserial PRIMARY KEY, share percent, place text, cost money, aside timestamptz);
CREATE TRIGGER touching BEFORE UPDATE ON meaning FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER fires BEFORE UPDATE ON meaning FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER aside BEFORE UPDATE ON values_of FOR EACH ROW EXECUTE FUNCTION touch();`;
const same = (table: string, ...columns: string[]) => ({
  monolith: table,
  service: [{ table, columns: Object.fromEntries(['id', ...columns].map((name) => [name, name])) }],
});
const reason = 'of this test';
const definition = {
  ...shop,
  tables: [
    same('plain_ids'),
    same('shared_ids'),
    same('looking'),
    same('hasty'),
    same('parent'),
    same('picture', 'file', 'kind'),
    same('meaning', 'at', 'price', 'code', 'name', 'state'),
    {
      ...same('values_of', 'share', 'place', 'cost'),
      leave: { aside: { onReturn: { trigger: 'aside' }, reason } },
    },
    same('parted'),
    same('secret'),
    same('late'),
  ],
  foreignKeys: {
    monolith: {
      'baskets.item': { onApply: 'carry-out', reason },
      'gone.key': { onApply: 'accept', reason },
    },
  },
  triggers: {
    monolith: {
      'meaning.fires': { onApply: 'fires', reason },
      'gone.trigger': { onApply: 'accept', reason },
    },
  },
};

let server: PostgresServer;
let scene: Scene;
let wrong: { kind?: string; check: string; actual: string; remedy: string }[];

/** Both databases on a server that lacks all that replication needs, for a role that may read and nothing else. */
async function database(name: string, encoding: string, ddl: string): Promise<string> {
  const admin = new pg.Client({ connectionString: server.url('postgres') });
  await admin.connect();
  await admin.query(
    `CREATE DATABASE ${name} TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`,
  );
  await admin.query(
    `ALTER DATABASE ${name} SET lc_monetary = '${name === 'monolith' ? 'C' : 'POSIX'}'`,
  );
  await admin.end();
  const client = new pg.Client({ connectionString: server.url(name) });
  await client.connect();
  await client.query(ddl);
  // Before version 14 the number of a subscription is not for everybody to read.
  await client.query(
    `CREATE SUBSCRIPTION feeding CONNECTION '${scene.control.url}' PUBLICATION feeding
       WITH (create_slot = false, slot_name = 'nowhere', copy_data = false);
     REVOKE SELECT (oid) ON pg_subscription FROM PUBLIC`,
  );
  await client.query('GRANT SELECT ON ALL TABLES IN SCHEMA public TO poor');
  await client.end();
  const url = new URL(server.url(name));
  url.username = url.password = 'poor';
  return url.href;
}

beforeAll(async () => {
  server = await startPostgres({
    settings: [
      'wal_level=replica',
      'max_replication_slots=0',
      'max_wal_senders=0',
      'max_logical_replication_workers=0',
    ],
  });
  scene = await openScene('doctor_all');
  await scene.sql(
    scene.control,
    'CREATE TABLE late (id bigint); CREATE PUBLICATION feeding FOR TABLE late',
  );
  const admin = new pg.Client({ connectionString: server.url('postgres') });
  await admin.connect();
  await admin.query(`CREATE ROLE poor LOGIN PASSWORD 'poor'`);
  await admin.end();
  const env = {
    ...scene.env,
    MONOLITH_DATABASE_URL: await database(
      'monolith',
      'UTF8',
      `${both} CREATE TYPE state AS ENUM ('a', 'b'); ALTER DOMAIN percent ADD CHECK (VALUE <> '');
       ${meaning('at timestamp, price numeric(10,2), code char(5), name citext, state state')}
       INSERT INTO values_of (share, place) VALUES ('1', 'uploads/2024/a.png')`,
    ),
    CATALOG_DATABASE_URL: await database(
      'service',
      'LATIN1',
      `${both} CREATE TYPE state AS ENUM ('a');
       ${meaning('at timestamptz, price numeric, code text, name text, state state')}
       ALTER TABLE values_of ALTER place TYPE text COLLATE "und-x-icu", ADD CONSTRAINT short CHECK (length(place) < 90)`,
    ),
  };
  const service = new pg.Client({ connectionString: server.url('service') });
  await service.connect();
  await installFence(service, {
    context: 'catalog',
    tables: [{ schema: 'public', table: 'meaning' }],
    owner: 'monolith',
    mode: 'refuse',
  });
  await service.query(`ALTER TABLE meaning DISABLE TRIGGER strangler_fence; ALTER TABLE meaning ENABLE TRIGGER strangler_fence;
    GRANT USAGE ON SCHEMA strangler TO poor; GRANT SELECT ON ALL TABLES IN SCHEMA strangler TO poor`);
  await service.end();
  await writeFile(join(scene.dir, 'catalog.json'), JSON.stringify(definition));
  const control = await openControl(scene.control.url);
  await control.together.add('catalog', 'monolith', {
    seconds: 60,
    counts: [
      { table: 'plain_ids', other: null, transactions: 3 },
      { table: 'plain_ids', other: 'outside', transactions: 2 },
    ],
  });
  await control.close();
  const result = await cli(['doctor', 'catalog', '--json'], env);
  expect(result.code).not.toBe(0);
  ({ checks: wrong } = json<{ checks: typeof wrong }>(result));
  wrong = wrong.filter((check) => 'ok' in check && !check.ok);
});
afterAll(async () => {
  await scene?.close();
  await server?.stop();
});

type Told = readonly [check: string, actual: string, remedy: string];
const onBothSides = (told: (side: string) => Told): Told[] => ['monolith', 'service'].map(told);
const column = (at: string, actual: string, remedy: string): Told => [
  'mapping',
  `service[0].columns.${at}: ${actual}`,
  remedy,
];

/** What is said of each kind of finding, at least; the remedy is what somebody does next. */
const told: Readonly<Record<FindingKind, readonly Told[]>> = {
  'wal level': onBothSides((side) => [`${side} wal_level`, 'replica', 'Set wal_level = logical']),
  'replication right': onBothSides((side) => [
    `${side} replication right`,
    'poor may not',
    'ALTER ROLE poor REPLICATION',
  ]),
  'replica role': onBothSides((side) => [
    `${side} session_replication_role`,
    'poor may not',
    'GRANT SET ON PARAMETER session_replication_role TO poor',
  ]),
  'replication origins': onBothSides((side) => [
    `${side} replication origins`,
    'pg_replication_origin_create(text)',
    'GRANT EXECUTE ON FUNCTION pg_replication_origin_oid(text)',
  ]),
  'create right': onBothSides((side) => [
    `${side} create right`,
    'poor may not',
    `GRANT CREATE ON DATABASE ${side} TO poor`,
  ]),
  slots: onBothSides((side) => [
    `${side} replication slots`,
    '0 of 0 used',
    'Raise max_replication_slots',
  ]),
  senders: onBothSides((side) => [`${side} WAL senders`, '0 of 0 used', 'Raise max_wal_senders']),
  relation: onBothSides((side) => [
    'mapping',
    `looking in the ${side}'s database is a view`,
    'table behind it',
  ]),
  unlogged: onBothSides((side) => [
    'mapping',
    `hasty in the ${side}'s database has rows that are not logged`,
    'SET LOGGED',
  ]),
  'foreign partitions': onBothSides((side) => [
    'mapping',
    `parted in the ${side}'s database has foreign partitions (far)`,
    'Detach them',
  ]),
  inheritance: onBothSides((side) => [
    'mapping',
    `parent in the ${side}'s database has tables that inherit`,
    'partitions',
  ]),
  'row policy': onBothSides((side) => [
    'mapping',
    `secret in the ${side}'s database has row policies that hide rows from poor`,
    'ALTER ROLE "poor" BYPASSRLS',
  ]),
  'replica identity': [
    ['replica identity', 'tables[10] public.late has no usable', 'REPLICA IDENTITY'],
    ['mapping', 'a key that is deferrable is none', 'REPLICA IDENTITY'],
  ],
  'foreign reference': [
    column('file', '', 'large objects: move them into bytea first'),
    column('kind', '', 'out of the mapping'),
  ],
  'time zone': [column('at', '', "zone: 'UTC'")],
  'padded text': [column('code', '', 'the same type')],
  'lost digits': [column('price', '', 'the same number of digits')],
  equality: [column('name', '', 'the same type and collation')],
  'enum labels': [column('state', '', 'ADD VALUE')],
  encoding: [['mapping', 'encoded in UTF8, the service', 'the same encoding']],
  money: [column('cost', 'money is read by lc_monetary, which is C', 'ALTER DATABASE')],
  id: [['key plain_ids.id', 'nothing tells', 'tables[0].ids.id']],
  'shared sequence': [['key shared_ids.id', 'also feeds outside.id', 'tables[1].ids.id']],
  'foreign key': onBothSides((side) => [
    'foreign key carts.cart_item',
    'ON DELETE SET NULL',
    `foreignKeys.${side}['carts.cart_item']`,
  ]),
  'foreign key streamed': [
    [
      'foreign key baskets.item',
      'is streamed to another service',
      "foreignKeys.monolith['baskets.item']: choose 'park' or 'accept'",
    ],
  ],
  'foreign key unknown': [
    ['foreign key gone.key', 'the monolith has no such key', 'Mend or remove'],
  ],
  trigger: onBothSides((side) => [
    'trigger meaning.touching',
    'writes touched',
    `triggers.${side}['meaning.touching']`,
  ]),
  'trigger unknown': [
    ['trigger gone.trigger', 'the monolith has no such trigger', 'Mend or remove'],
  ],
  'trigger fires': [
    ['trigger meaning.fires', 'neither ENABLE ALWAYS', 'ENABLE ALWAYS TRIGGER "fires"'],
  ],
  'trigger of a column': [
    ['trigger values_of.aside', 'it is to fire for each row', 'make it BEFORE INSERT OR UPDATE'],
  ],
  'written together': [
    [
      'written together: outside',
      '2 of 3 transactions',
      "writtenTogether.monolith['outside']: { reason",
    ],
  ],
  subscription: onBothSides((side) => [
    `subscription to late of the ${side}`,
    'feeding writes public.late',
    `DROP SUBSCRIPTION "feeding", or take the table out`,
  ]),
  values: [
    ['values values_of.share', "only CHECK ((VALUE <> ''::text))", "values['values_of.share']"],
  ],
  constraint: [
    [
      'constraint values_of.short',
      'the service asks of values_of: CHECK ((length(place) < 90)), the monolith asks no such thing',
      "constraints.service['values_of.short']: { reason:",
    ],
  ],
  sorting: [
    ['sorting of texts', 'values_of.place by C (libc', 'sorting: { reason:'],
    ['sorting of texts', 'by und (icu', 'COLLATE "C"'],
  ],
  'fence opened': [
    [
      'service fence held',
      'opened 1 times since',
      'strangler fence rearm catalog sets the fence anew, strangler verify catalog compares',
    ],
  ],
  files: [
    [
      'files values_of.place',
      'paths of files (….png)',
      "files['values_of.place']: { storage: 'shared'",
    ],
  ],
};

test.each(findingKinds)('doctor finds and remedies, with all others at once: %s', (kind) => {
  const found = wrong.filter((check) => check.kind === kind);
  for (const [check, actual, remedy] of told[kind])
    expect(found).toContainEqual(
      expect.objectContaining({
        check,
        actual: expect.stringContaining(actual.trim()),
        remedy: expect.stringContaining(remedy),
      }),
    );
});

test('doctor finds nothing on a database without a remedy', () => {
  expect(wrong.filter(({ remedy }) => remedy === '')).toEqual([]);
});
