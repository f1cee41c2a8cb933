import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  startPostgres,
  type PostgresServer,
  type TestDatabase,
} from '@strangler-toolkit/dev-stack';
import { connect, withConnection } from '../../src/database/connect.ts';
import { readTable } from '../../src/database/catalog.ts';
import { installReplicaSchema } from '../../src/replica/schema.ts';
import {
  createSlot,
  createSlotWithSnapshot,
  dropSlot,
  ensurePublication,
  openEmbeddedStream,
  slotStatus,
} from '../../src/stream/index.ts';

const application = { applicationName: 'test' };

describe('a server that cannot do it says what is missing', () => {
  let plain: PostgresServer;
  let database: TestDatabase;
  let url: string;
  beforeAll(async () => {
    plain = await startPostgres({
      settings: ['wal_level=replica', 'max_replication_slots=1', 'max_wal_senders=1'],
    });
    url = await plain.createDatabase('shop');
    database = await createTestDatabase('limits');
  });
  afterAll(async () => {
    await plain.stop();
    await database.drop();
  });

  test('wal_level that is not logical is WAL_LEVEL', async () => {
    await withConnection(url, application, async (client) => {
      await expect(createSlot(client, 'slot_a')).rejects.toMatchObject({ code: 'WAL_LEVEL' });
    });
    await expect(createSlotWithSnapshot(url, 'slot_a')).rejects.toMatchObject({
      code: 'WAL_LEVEL',
    });
  });

  test('a used up number of walsenders is NO_REPLICATION_SLOTS', async () => {
    const first = await connect(url, { ...application, replication: true });
    try {
      await expect(connect(url, { ...application, replication: true })).rejects.toMatchObject({
        code: 'NO_REPLICATION_SLOTS',
      });
    } finally {
      await first.end();
    }
  });

  test('nobody there, a wrong password, a missing database, and a URL that is none, each with its code and without the password', async () => {
    const changed = (change: (target: URL) => void): string => {
      const target = new URL(database.url);
      change(target);
      return target.href;
    };
    await expect(
      connect(
        changed((target) => {
          target.port = '1';
        }),
        application,
      ),
    ).rejects.toMatchObject({
      code: 'DB_UNREACHABLE',
      message: expect.not.stringContaining('postgres:postgres'),
    });
    await expect(
      connect(
        changed((target) => {
          target.password = 'hunter2';
        }),
        application,
      ),
    ).rejects.toMatchObject({ code: 'DB_AUTH', message: expect.not.stringContaining('hunter2') });
    await expect(
      connect(
        changed((target) => {
          target.pathname = '/no_such';
        }),
        application,
      ),
    ).rejects.toMatchObject({
      code: 'DB_UNREACHABLE',
      message: expect.stringContaining('no_such'),
    });
    await expect(connect('not a url', application)).rejects.toMatchObject({
      code: 'DB_UNREACHABLE',
    });
  });

  test('a role without rights is DB_PRIVILEGE, with the grant to run', async () => {
    const role = `limited_${database.name}`;
    await withConnection(database.url, application, async (admin) => {
      await admin.query(
        `CREATE TABLE owned (id int PRIMARY KEY); CREATE ROLE "${role}" LOGIN PASSWORD 'x'`,
      );
    });
    const limited = new URL(database.url);
    limited.username = role;
    limited.password = 'x';
    try {
      await withConnection(limited.href, application, async (client) => {
        await expect(installReplicaSchema(client)).rejects.toMatchObject({
          code: 'DB_PRIVILEGE',
          message: expect.stringContaining('GRANT CREATE ON DATABASE'),
        });
        await expect(
          ensurePublication(client, 'p', [{ schema: 'public', table: 'owned' }]),
        ).rejects.toMatchObject({ code: 'DB_PRIVILEGE' });
        await expect(createSlot(client, 'slot_b')).rejects.toMatchObject({
          code: 'DB_PRIVILEGE',
          message: expect.stringContaining('REPLICATION'),
        });
      });
      await expect(
        openEmbeddedStream({ url: limited.href, context: 'shop', direction: 'forward', from: 0n }),
      ).rejects.toMatchObject({ code: 'DB_PRIVILEGE' });
    } finally {
      await withConnection(database.url, application, async (admin) => {
        await admin.query(`DROP ROLE "${role}"`);
      });
    }
  });
});

describe('slots, publications and the support schema', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase('objects');
  });
  afterAll(async () => {
    await database.drop();
  });

  test('are made once, however often and by however many at once they are asked for', async () => {
    const clients = await Promise.all([0, 1, 2, 3].map(() => connect(database.url, application)));
    await clients[0]!.query(
      'CREATE TABLE a (id int PRIMARY KEY, t text); CREATE TABLE b (id int PRIMARY KEY)',
    );
    await Promise.all(clients.map((client) => installReplicaSchema(client)));
    const name = { schema: 'public', table: 'a' };
    const made = await Promise.all(
      clients.map((client) => ensurePublication(client, 'pub', [name])),
    );
    expect(made.filter(({ created }) => created)).toHaveLength(1);
    const [client] = clients;
    expect(await ensurePublication(client!, 'pub', [{ schema: 'public', table: 'b' }])).toEqual({
      created: false,
      added: ['b'],
      removed: ['a'],
      corrected: false,
    });
    await client!.query(
      `ALTER PUBLICATION pub SET (publish = 'insert'); ALTER PUBLICATION pub SET TABLE b WHERE (id > 3)`,
    );
    expect(
      await ensurePublication(client!, 'pub', [{ schema: 'public', table: 'b' }]),
    ).toMatchObject({ corrected: true });
    expect(
      await ensurePublication(client!, 'pub', [{ schema: 'public', table: 'b' }]),
    ).toMatchObject({ corrected: false });
    const slot = `s_${database.name}`;
    const first = await createSlot(client!, slot);
    expect(await createSlot(client!, slot)).toEqual({ created: false, position: first.position });
    await expect(createSlotWithSnapshot(database.url, slot)).rejects.toMatchObject({
      code: 'SLOT_BUSY',
    });
    await client!.query('INSERT INTO a SELECT generate_series(1, 10000)');
    const status = await slotStatus(client!, slot);
    expect(status).toMatchObject({
      plugin: 'pgoutput',
      database: database.name,
      active: false,
      lost: null,
      confirmed: first.position,
    });
    expect(status!.retainedBytes).toBeGreaterThan(500_000n);
    expect(await dropSlot(client!, slot)).toBe('dropped');
    expect(await slotStatus(client!, slot)).toBeNull();
    await Promise.all(clients.map((one) => one.end()));
  });

  test('a table is described as it is', async () => {
    await withConnection(database.url, application, async (client) => {
      await client.query(`CREATE SCHEMA "My Shop"; CREATE TYPE "My Shop".mood AS ENUM ('b', 'a');
        CREATE TABLE "My Shop"."Things" (b int NOT NULL, "A" bigint GENERATED ALWAYS AS IDENTITY, n numeric(10,2) DEFAULT 1, g int GENERATED ALWAYS AS (b + 1) STORED, m "My Shop".mood, s serial, PRIMARY KEY (b, "A"));
        CREATE TABLE "My Shop".refs (x int, y bigint, FOREIGN KEY (x, y) REFERENCES "My Shop"."Things"); ALTER TABLE "My Shop".refs REPLICA IDENTITY FULL`);
      const things = await readTable(client, { schema: 'My Shop', table: 'Things' });
      expect(things).toMatchObject({
        primaryKey: ['b', 'A'],
        replicaIdentity: 'default',
        identityColumns: ['b', 'A'],
        kind: 'table',
      });
      expect(things.columns).toEqual([
        {
          name: 'b',
          type: 'integer',
          notNull: true,
          hasDefault: false,
          generated: false,
          identity: null,
          sequence: null,
          collatable: false,
          deterministic: true,
          enumLabels: null,
        },
        {
          name: 'A',
          type: 'bigint',
          notNull: true,
          hasDefault: true,
          generated: false,
          identity: 'always',
          sequence: '"My Shop"."Things_A_seq"',
          collatable: false,
          deterministic: true,
          enumLabels: null,
        },
        {
          name: 'n',
          type: 'numeric(10,2)',
          notNull: false,
          hasDefault: true,
          generated: false,
          identity: null,
          sequence: null,
          collatable: false,
          deterministic: true,
          enumLabels: null,
        },
        {
          name: 'g',
          type: 'integer',
          notNull: false,
          hasDefault: false,
          generated: true,
          identity: null,
          sequence: null,
          collatable: false,
          deterministic: true,
          enumLabels: null,
        },
        {
          name: 'm',
          type: '"My Shop".mood',
          notNull: false,
          hasDefault: false,
          generated: false,
          identity: null,
          sequence: null,
          collatable: false,
          deterministic: true,
          enumLabels: ['b', 'a'],
        },
        {
          name: 's',
          type: 'integer',
          notNull: true,
          hasDefault: true,
          generated: false,
          identity: null,
          sequence: '"My Shop"."Things_s_seq"',
          collatable: false,
          deterministic: true,
          enumLabels: null,
        },
      ]);
      const refs = await readTable(client, { schema: 'My Shop', table: 'refs' });
      expect(refs).toMatchObject({
        primaryKey: [],
        replicaIdentity: 'full',
        foreignKeys: [
          {
            columns: ['x', 'y'],
            references: { schema: 'My Shop', table: 'Things', columns: ['b', 'A'] },
          },
        ],
      });
      await expect(readTable(client, { schema: 'public', table: 'absent' })).rejects.toMatchObject({
        code: 'TABLE_MISSING',
        message: expect.stringContaining('absent'),
      });
    });
  });
});
