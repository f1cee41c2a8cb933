import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, until } from '@strangler-toolkit/dev-stack';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { installFence, removeFence } from '../src/cutover/fence.ts';
import { fenceStatus } from '../src/cutover/fence-status.ts';
import { strayMoments, strayWriters } from '../src/replica/stray-writes.ts';
import { tidyStrays } from '../src/replica/tidy-strays.ts';
import { moveSequences } from '../src/cutover/sequences.ts';
import { applying, installFenceSchema } from '../src/replica/fences.ts';
import { noteOwner } from '../src/replica/owners.ts';
import { makeCounters } from '../src/replica/refusal-counters.ts';
import { countAsSeen, readRefusals } from '../src/replica/refusals.ts';
import { installReplicaSchema } from '../src/replica/schema.ts';
import { claim, guarded } from '../src/replica/move-guards.ts';

const product = { schema: 'public', table: 'products' };
const stock = { schema: 'public', table: 'Stock Levels' };
const fence = {
  context: 'shop-catalog',
  tables: [product, stock],
  owner: 'service',
  mode: 'refuse',
} as const;

let database: TestDatabase;
let admin: pg.Client;
let role: string;
let writer: pg.Client;

const open = async (url: string, applicationName = 'test'): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url, application_name: applicationName });
  await client.connect();
  return client;
};

const openAs = (user: string): Promise<pg.Client> => {
  const url = new URL(database.url);
  url.username = user;
  url.password = 'app';
  return open(url.href, 'price job');
};

beforeAll(async () => {
  database = await createTestDatabase('fence');
  admin = await open(database.url);
  await installReplicaSchema(admin);
  role = `${database.name}_app`;
  await admin.query(`
    CREATE ROLE "${database.name}_app" LOGIN PASSWORD 'app';
    CREATE TABLE products (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, price numeric);
    CREATE TABLE "Stock Levels" (id int PRIMARY KEY, n int);
    CREATE TABLE brands (id int PRIMARY KEY);
    CREATE TABLE brand_products (id int PRIMARY KEY, brand int REFERENCES brands ON DELETE CASCADE);
    GRANT ALL ON ALL TABLES IN SCHEMA public TO "${database.name}_app"; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO "${database.name}_app"`);
});
beforeEach(async () => {
  await admin.query(
    `TRUNCATE products, "Stock Levels" RESTART IDENTITY; INSERT INTO products (name, price) VALUES ('a', 1), ('b', 2); INSERT INTO "Stock Levels" VALUES (1, 1)`,
  );
  writer = await open(database.url, 'price job');
  await writer.query(`SET ROLE "${database.name}_app"`);
});
afterEach(async () => {
  await writer.end();
  await removeFence(admin, fence.context, { drop: true });
});
afterAll(async () => {
  await admin.query(`DROP OWNED BY "${database.name}_app"; DROP ROLE "${database.name}_app"`);
  await admin.end();
  await database.drop();
});

const refusal = (sql: string) =>
  expect(writer.query(sql)).rejects.toMatchObject({
    code: 'SF001',
    message: expect.stringContaining('owned by the service'),
  });

describe('a fence that refuses', () => {
  test('refuses every kind of write with SF001, and says who owns the data', async () => {
    await installFence(admin, fence);
    await refusal(`INSERT INTO products (name) VALUES ('c')`);
    await refusal(`UPDATE products SET price = 3`);
    await refusal(`UPDATE products SET price = 3 WHERE false`);
    await refusal(`DELETE FROM products WHERE id = 1`);
    await refusal(`INSERT INTO products (name) VALUES ('c') ON CONFLICT DO NOTHING`);
    await refusal(`WITH gone AS (DELETE FROM products RETURNING 1) SELECT count(*) FROM gone`);
    await refusal(`DELETE FROM "Stock Levels"`);
    await expect(admin.query('TRUNCATE products')).rejects.toMatchObject({ code: 'SF001' });
    const copy = pipeline(
      Readable.from(['x\t1\n']),
      writer.query(copyFrom('COPY products (name, price) FROM STDIN')),
    );
    await expect(copy).rejects.toMatchObject({ code: 'SF001' });
    expect((await writer.query('SELECT name, price FROM products ORDER BY id')).rows).toEqual([
      { name: 'a', price: '1' },
      { name: 'b', price: '2' },
    ]);
  });

  const { TEST_POSTGRES_MAJOR: major = '18' } = process.env;
  if (Number(major) >= 15)
    test('refuses MERGE', async () => {
      await installFence(admin, fence);
      await refusal(
        `MERGE INTO products p USING (VALUES (1)) v(id) ON p.id = v.id WHEN MATCHED THEN UPDATE SET price = 9 WHEN NOT MATCHED THEN INSERT (name) VALUES ('m')`,
      );
    });

  test('counts refusals although the refused transactions roll back', async () => {
    await installFence(admin, fence);
    const before = Number((await fenceStatus(admin, fence.context, fence.tables)).refused);
    await refusal('DELETE FROM products');
    await refusal('DELETE FROM products');
    expect(Number((await fenceStatus(admin, fence.context, fence.tables)).refused)).toBe(
      before + 2,
    );
  });

  test('tells who was refused what, of the login role, although it all rolled back', async () => {
    await installFence(admin, fence);
    await noteOwner(admin, fence.context, { owner: 'service', epoch: 2, startLsn: null });
    const job = await openAs(role);
    for (const sql of [
      'DELETE FROM products',
      'DELETE FROM products',
      'DELETE FROM "Stock Levels"',
    ])
      await expect(job.query(sql)).rejects.toMatchObject({ code: 'SF001' });
    await job.end();
    // SET ROLE hides nobody: this one logged in as the owner of the database.
    await refusal('TRUNCATE "Stock Levels"');
    const told = await readRefusals(admin, fence.context);
    expect(told.refused).toBe('4');
    expect(Date.now() - Date.parse(told.lastRefusedAt ?? '')).toBeLessThan(60_000);
    const who = (await admin.query<{ user: string }>('SELECT session_user AS user')).rows[0]?.user;
    expect(told.refusedWriters).toEqual([
      { table: 'public.products', operation: 'DELETE', user: role, writes: '2' },
      { table: 'public."Stock Levels"', operation: 'DELETE', user: role, writes: '1' },
      { table: 'public."Stock Levels"', operation: 'TRUNCATE', user: who, writes: '1' },
    ]);
  });

  test('counts a role that had no right when it was made among the others, and loses none', async () => {
    await admin.query('CREATE TABLE late_rights (id int)');
    const tables = [{ schema: 'public', table: 'late_rights' }];
    await installFence(admin, { ...fence, tables });
    await admin.query(`GRANT ALL ON late_rights TO "${role}"`);
    const job = await openAs(role);
    await expect(job.query('DELETE FROM late_rights')).rejects.toMatchObject({ code: 'SF001' });
    await job.end();
    expect((await readRefusals(admin, fence.context)).refusedWriters).toContainEqual({
      table: 'public.late_rights',
      operation: 'DELETE',
      user: null,
      writes: '1',
    });
    await admin.query('DROP TABLE late_rights');
  });

  test('counts anew with every epoch, and from where a person has looked', async () => {
    await installFence(admin, fence);
    const epoch = (number: number) =>
      noteOwner(admin, fence.context, { owner: 'service', epoch: number, startLsn: null });
    const told = async () => {
      const { refused, refusedWriters } = await readRefusals(admin, fence.context);
      return [refused, refusedWriters.map(({ writes }) => writes)];
    };
    await epoch(10);
    await refusal('DELETE FROM products');
    await refusal('DELETE FROM products');
    expect(await told()).toEqual(['2', ['2']]);
    await epoch(10);
    expect(await told()).toEqual(['2', ['2']]);
    await epoch(11);
    expect(await told()).toEqual(['0', []]);
    // of an epoch there is one owner
    await expect(
      noteOwner(admin, fence.context, { owner: 'monolith', epoch: 11, startLsn: null }),
    ).rejects.toMatchObject({ code: 'CONTROL_FELL_BACK' });
    await refusal('DELETE FROM products');
    expect(await told()).toEqual(['1', ['1']]);
    const { refusedEarlier } = await readRefusals(admin, fence.context);
    expect(Number(refusedEarlier)).toBeGreaterThanOrEqual(2);
    expect(await countAsSeen(admin, fence.context)).toMatchObject({
      refused: '1',
      refusedWriters: [{ operation: 'DELETE', writes: '1' }],
    });
    expect(await told()).toEqual(['0', []]);
    await refusal('DELETE FROM products');
    expect(await told()).toEqual(['1', ['1']]);
  });

  test('of many tables makes no more counters than it may, and loses no refusal', async () => {
    await installFenceSchema(admin, 'crowded');
    const made = async () =>
      (
        await admin.query<{ operation: string; role: string }>(
          `SELECT operation, db_user AS role FROM strangler.refusals WHERE context = 'crowded' ORDER BY 1, 2`,
        )
      ).rows;
    // The first five of the eight that tell tables and operations: no role has any.
    for (let again = 0; again < 2; again += 1) {
      await makeCounters(admin, 'crowded', fence.tables, { most: 7 });
      const counters = await made();
      expect([counters.length, new Set(counters.map(({ role }) => role))]).toEqual([
        7,
        new Set(['']),
      ]);
    }
    await installFence(admin, { ...fence, context: 'crowded' }, { prepared: true });
    for (const table of ['products', '"Stock Levels"'])
      for (const operation of ['TRUNCATE', 'DELETE FROM']) await refusal(`${operation} ${table}`);
    const { refused, refusedWriters } = await readRefusals(admin, 'crowded');
    expect(refused).toBe('4');
    expect(refusedWriters).toContainEqual({
      table: null,
      operation: null,
      user: null,
      writes: expect.any(String),
    });
    // Nothing came with the fence: who prepared it is not asked for again while writes are held.
    expect(await made()).toHaveLength(7);
    await removeFence(admin, 'crowded', { drop: true });
  });

  test('that is dropped takes its counters along', async () => {
    await installFence(admin, fence);
    await refusal('DELETE FROM products');
    await removeFence(admin, fence.context, { drop: true });
    expect(await readRefusals(admin, fence.context)).toMatchObject({
      refused: '0',
      refusedWriters: [],
    });
    const { rows } = await admin.query(
      `SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname = 'strangler' AND relname LIKE 'refusal\\_%' AND relkind = 'S'`,
    );
    expect(rows).toEqual([]);
  });

  test('lets sessions that apply pass', async () => {
    await installFence(admin, fence);
    await admin.query(applying());
    await admin.query(`UPDATE products SET price = 7 WHERE id = 1`);
    await admin.query(`RESET session_replication_role; RESET strangler.applying`);
    expect((await writer.query('SELECT price FROM products WHERE id = 1')).rows).toEqual([
      { price: '7' },
    ]);
  });

  test.each([
    'strangler-apply-shop-catalog',
    'strangler-move',
    'strangler-worker-shop-catalog',
    'psql',
  ])('refuses whoever calls itself %s: a name is no authority', async (name) => {
    await installFence(admin, fence);
    const named = await open(database.url, name);
    for (const sql of ['UPDATE products SET price = 3', 'TRUNCATE products'])
      await expect(named.query(sql)).rejects.toMatchObject({ code: 'SF001' });
    await named.end();
  });

  test('a role of the application cannot call itself replication', async () => {
    await expect(writer.query('SET session_replication_role = replica')).rejects.toMatchObject({
      code: '42501',
    });
  });

  test('that stands on some tables only, or half in audit mode, is told as partial, with those that are open', async () => {
    await installFence(admin, { ...fence, tables: [stock] });
    const status = () => fenceStatus(admin, fence.context, fence.tables);
    expect(await status()).toMatchObject({ mode: 'partial', open: ['public.products'] });
    await installFence(admin, { ...fence, tables: [product], mode: 'audit' });
    expect(await status()).toMatchObject({ mode: 'partial', open: [] });
    await installFence(admin, fence);
    expect(await status()).toMatchObject({ mode: 'refuse', open: [] });
    await admin.query('ALTER TABLE products DISABLE TRIGGER strangler_fence');
    expect(await status()).toMatchObject({ mode: 'partial', open: ['public.products'] });
  });

  test('of another context on the same tables is not this one', async () => {
    await installFence(admin, { ...fence, tables: [product] });
    expect(await fenceStatus(admin, 'shop', [product])).toMatchObject({
      mode: 'none',
      open: ['public.products'],
    });
    await removeFence(admin, 'shop', { drop: true });
    await refusal('DELETE FROM products');
  });

  test('refuses what a cascading foreign key would delete', async () => {
    await admin.query(`INSERT INTO brands VALUES (1); INSERT INTO brand_products VALUES (1, 1)`);
    await installFence(admin, {
      ...fence,
      tables: [{ schema: 'public', table: 'brand_products' }],
    });
    await expect(writer.query('DELETE FROM brands')).rejects.toMatchObject({ code: 'SF001' });
    await removeFence(admin, fence.context, { drop: true });
    await admin.query('DELETE FROM brands');
  });

  test('waits for running writers, and no write after it gets through', async () => {
    await installFenceSchema(admin, fence.context, fence.tables);
    await writer.query('BEGIN');
    await writer.query(`UPDATE products SET price = 5 WHERE id = 1`);
    const order: string[] = [];
    const installed = installFence(admin, fence, { lockTimeoutMs: 500, attempts: 20 }).then(
      (change) => {
        order.push('fenced');
        return change;
      },
    );
    await writer.query('SELECT pg_sleep(0.3)');
    order.push('committing');
    await writer.query('COMMIT');
    expect((await installed).milliseconds).toBeGreaterThanOrEqual(250);
    expect(order).toEqual(['committing', 'fenced']);
    await refusal('DELETE FROM products');
    expect((await writer.query('SELECT price FROM products WHERE id = 1')).rows).toEqual([
      { price: '5' },
    ]);
  });

  test('gives up on a long transaction, names it, and leaves no fence on any table', async () => {
    await writer.query('BEGIN');
    await writer.query(`UPDATE "Stock Levels" SET n = 5`);
    await expect(
      installFence(admin, fence, { lockTimeoutMs: 60, attempts: 2 }),
    ).rejects.toMatchObject({
      code: 'FENCE_TIMEOUT',
      message: expect.stringContaining('price job'),
    });
    await writer.query('COMMIT');
    expect(await fenceStatus(admin, fence.context, fence.tables)).toMatchObject({
      mode: 'none',
      open: ['public.Stock Levels', 'public.products'],
    });
  });

  test('never makes the deadlock detector kill the business transaction', async () => {
    const second = await open(database.url);
    await writer.query('BEGIN');
    await writer.query('UPDATE products SET price = 5 WHERE id = 1');
    const installed = installFence(admin, fence, { lockTimeoutMs: 5000, attempts: 50 });
    const waiting = `SELECT count(*) AS n FROM pg_locks WHERE NOT granted AND mode = 'ShareRowExclusiveLock'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    await until(
      'the fence to wait for its lock',
      async () => (await second.query(waiting)).rows[0]?.n === '1',
      { everyMs: 1 },
    );
    // Who waits for longer than deadlock_timeout (1 s) has looked and found nothing; whoever comes then would find it, and die.
    await second.query('SELECT pg_sleep(1.2)');
    await writer.query('UPDATE "Stock Levels" SET n = 2');
    await writer.query('COMMIT');
    await installed;
    await second.end();
    expect((await fenceStatus(admin, fence.context, fence.tables)).mode).toBe('refuse');
  });

  test('is lifted while a long report reads the table', async () => {
    await installFence(admin, fence);
    await writer.query('BEGIN');
    await writer.query('SELECT * FROM products');
    await removeFence(admin, fence.context, { lockTimeoutMs: 200, attempts: 1 });
    await writer.query(`UPDATE products SET price = 8 WHERE id = 1`);
    await writer.query('COMMIT');
    expect((await fenceStatus(admin, fence.context, fence.tables)).mode).toBe('none');
  });

  test('can be installed and lifted again and again', async () => {
    for (const owner of ['service', 'monolith'] as const) {
      await installFence(admin, { ...fence, owner });
      await installFence(admin, { ...fence, owner });
      expect(await fenceStatus(admin, fence.context, fence.tables)).toMatchObject({
        mode: 'refuse',
        owner,
      });
      await removeFence(admin, fence.context);
      await removeFence(admin, fence.context);
      expect((await fenceStatus(admin, fence.context, fence.tables)).mode).toBe('none');
    }
    await writer.query(`UPDATE products SET price = 8`);
  });

  test('covers partitions: through the parent, directly, and those made later', async () => {
    await admin.query(`CREATE TABLE events (day date, n int) PARTITION BY RANGE (day);
      CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01'); GRANT ALL ON events, events_1 TO "${database.name}_app"`);
    await installFence(admin, { ...fence, tables: [{ schema: 'public', table: 'events' }] });
    await admin.query(
      `CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01'); GRANT ALL ON events_2 TO "${database.name}_app"`,
    );
    await refusal(`INSERT INTO events VALUES ('2026-01-05', 1)`);
    await refusal(`INSERT INTO events_1 VALUES ('2026-01-05', 1)`);
    await refusal(`INSERT INTO events_2 VALUES ('2026-02-05', 1)`);
    // Of a part that came later, its root is told.
    const told = (await readRefusals(admin, fence.context)).refusedWriters;
    expect(told.filter(({ table }) => table === null)).toEqual([]);
    expect(told.map(({ table, writes }) => [table, writes])).toContainEqual(['public.events', '3']);
    await removeFence(admin, fence.context);
    await installFence(admin, { ...fence, tables: [{ schema: 'public', table: 'events_1' }] });
    await refusal(`INSERT INTO events VALUES ('2026-01-05', 1)`);
    await writer.query(`INSERT INTO events VALUES ('2026-02-05', 1)`);
    await removeFence(admin, fence.context, { drop: true });
    await writer.query(`INSERT INTO events VALUES ('2026-01-05', 1)`);
    await admin.query('DROP TABLE events');
  });

  describe('of some rows', () => {
    const some = {
      ...fence,
      context: 'some-rows',
      tables: [
        {
          schema: 'public',
          table: 'tenants',
          rows: [{ tenant: ['5', '6'], kind: "it's" }, { tenant: '9' }],
        },
      ],
    } as const;
    const make = `CREATE TABLE tenants (tenant int, kind text, id int) PARTITION BY LIST (tenant);
      CREATE TABLE tenants_5 PARTITION OF tenants FOR VALUES IN (5);
      CREATE TABLE tenants_rest PARTITION OF tenants DEFAULT PARTITION BY RANGE (id);
      CREATE TABLE tenants_all PARTITION OF tenants_rest DEFAULT;`;
    const rows = `INSERT INTO tenants VALUES (5, 'it''s', 1), (5, 'other', 2), (9, NULL, 3), (7, 'it''s', 4), (NULL, 'it''s', 5);`;
    beforeEach(() =>
      admin.query(`${make}${rows} GRANT ALL ON tenants, tenants_5, tenants_all TO "${role}"`),
    );
    afterEach(async () => {
      await removeFence(admin, some.context, { drop: true });
      await admin.query('DROP TABLE tenants; DROP FUNCTION IF EXISTS to_nine');
    });

    test('refuses what touches one of them, however it gets there, and lets the others pass', async () => {
      await installFence(admin, some);
      expect((await fenceStatus(admin, some.context, some.tables)).mode).toBe('refuse');
      await admin.query('CREATE TABLE tenants_8 PARTITION OF tenants FOR VALUES IN (8)');
      await admin.query(`GRANT ALL ON tenants_8 TO "${role}"`);
      for (const sql of [
        `INSERT INTO tenants VALUES (7, 'x', 6), (6, 'it''s', 7)`,
        `INSERT INTO tenants_5 VALUES (5, 'it''s', 6)`,
        `UPDATE tenants SET id = 9 WHERE tenant = 9`,
        `UPDATE tenants SET tenant = 9 WHERE id = 4`,
        `UPDATE tenants SET tenant = 7 WHERE id = 1`,
        `UPDATE tenants SET kind = 'it''s' WHERE id = 2`,
        `UPDATE tenants SET kind = 'x' WHERE id = 1`,
        `DELETE FROM tenants WHERE id IN (1, 4)`,
        `DELETE FROM tenants_all WHERE id = 3`,
        'TRUNCATE tenants_all',
        'TRUNCATE tenants',
      ])
        await refusal(sql);
      await writer.query(`
        INSERT INTO tenants VALUES (7, 'x', 6), (5, 'x', 7), (8, 'it''s', 8); UPDATE tenants SET tenant = 8 WHERE id = 4;
        UPDATE tenants SET kind = 'y' WHERE id IN (2, 5); DELETE FROM tenants WHERE id IN (4, 5)`);
      await expect(
        admin.query(
          `BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM tenants WHERE id = 3`,
        ),
      ).rejects.toMatchObject({ code: 'SF001' });
      await admin.query('ROLLBACK');
      await admin.query(
        `BEGIN; ${applying({ local: true })}; UPDATE tenants SET kind = 'z' WHERE id = 3; COMMIT`,
      );
      expect(Number((await readRefusals(admin, some.context)).refused)).toBeGreaterThan(10);
      await removeFence(admin, some.context);
      await writer.query('DELETE FROM tenants');
    });

    test('looks at a row as other triggers leave it', async () => {
      await admin.query(`
        CREATE FUNCTION to_nine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.tenant := 9; RETURN NEW; END $$;
        CREATE TRIGGER zz_late BEFORE INSERT ON tenants_all FOR EACH ROW EXECUTE FUNCTION to_nine()`);
      await installFence(admin, some);
      await refusal(`INSERT INTO tenants VALUES (7, 'x', 6)`);
    });

    test('in audit mode tells who wrote to one of them only', async () => {
      await installFence(admin, { ...some, owner: 'monolith', mode: 'audit' });
      const before = (await strayWriters(admin, some.context)).length;
      await writer.query(
        `UPDATE tenants SET kind = 'x' WHERE id = 4; INSERT INTO tenants VALUES (7, 'x', 6)`,
      );
      expect(await strayWriters(admin, some.context)).toHaveLength(before);
      await writer.query(`UPDATE tenants SET kind = 'x' WHERE id IN (3, 4)`);
      const writers = await strayWriters(admin, some.context);
      expect(writers).toHaveLength(before + 1);
      await writer.query('BEGIN');
      for (const sql of [
        `INSERT INTO tenants SELECT 9, 'x', n FROM generate_series(10, 500) n`,
        'UPDATE tenants SET id = id + 1 WHERE tenant = 9',
        'UPDATE tenants SET id = id + 1 WHERE tenant = 9',
      ])
        await writer.query(sql);
      await writer.query('COMMIT');
      const many = (await strayWriters(admin, some.context)).filter(({ query }) =>
        /generate_series|id \+/.test(query),
      );
      expect(many.map(({ operation, writes }) => `${operation} ${writes}`).sort()).toEqual([
        'INSERT 1',
        'UPDATE 2',
      ]);
      await removeFence(admin, some.context, { drop: true });
      expect((await fenceStatus(admin, some.context, some.tables)).mode).toBe('none');
    });

    test('is partial where one of its triggers is gone', async () => {
      await installFence(admin, some);
      await admin.query('ALTER TABLE tenants DISABLE TRIGGER strangler_fence_insert');
      const status = await fenceStatus(admin, some.context, some.tables);
      expect([status.mode, status.open]).toEqual(['partial', ['public.tenants']]);
    });
  });

  test('does not pretend to fence a view or a missing table', async () => {
    await admin.query('CREATE VIEW cheap AS SELECT * FROM products');
    await expect(
      installFence(admin, { ...fence, tables: [{ schema: 'public', table: 'cheap' }] }),
    ).rejects.toMatchObject({ code: 'TABLE_MISSING' });
    await expect(
      installFence(admin, { ...fence, tables: [{ schema: 'public', table: 'nowhere' }] }),
    ).rejects.toMatchObject({ code: 'TABLE_MISSING' });
    await admin.query('DROP VIEW cheap');
  });
});

describe('a fence in audit mode', () => {
  const audit = { ...fence, mode: 'audit' } as const;

  test('lets every write pass and tells who wrote, without the values', async () => {
    await installFence(admin, audit);
    for (const price of [11, 12, 13])
      await writer.query(
        `UPDATE products SET price = ${price}, name = 'secret ${price}' WHERE id = 1`,
      );
    await writer.query('DELETE FROM "Stock Levels"');
    const writers = await strayWriters(admin, fence.context);
    expect(
      writers.map(({ table, operation, application, writes, query }) => ({
        table,
        operation,
        application,
        writes,
        query,
      })),
    ).toEqual([
      {
        table: 'public.products',
        operation: 'UPDATE',
        application: 'price job',
        writes: '3',
        query: 'UPDATE products SET price = ?, name = ? WHERE id = ?',
      },
      {
        table: 'public."Stock Levels"',
        operation: 'DELETE',
        application: 'price job',
        writes: '1',
        query: 'DELETE FROM "Stock Levels"',
      },
    ]);
    expect((await fenceStatus(admin, fence.context, fence.tables)).mode).toBe('audit');
  });

  test('keeps the epochs apart', async () => {
    for (const epoch of [1, 3]) {
      await installFence(admin, { ...audit, epoch });
      await writer.query('INSERT INTO "Stock Levels" VALUES ($1, 1)', [epoch + 10]);
    }
    const written = (await strayWriters(admin, fence.context)).filter(({ query }) =>
      query.startsWith('INSERT INTO "Stock Levels"'),
    );
    expect(written.map(({ epoch, writes }) => [epoch, writes])).toEqual([
      [1, '1'],
      [3, '1'],
    ]);
  });

  test('keeps the newest five hundred times of a writer, with trace and route of a comment at either end', async () => {
    await installFence(admin, { ...audit, epoch: 5 });
    const [half, span] = ['0123456789abcdef', 'fedcba9876543210'];
    const named = `/*route='%2Fa%2F%3Aid',traceparent='00-${span}${half}-${span}-01'*/`;
    const long = `'${'x'.repeat(5_000)}'`;
    await writer.query(`${named} UPDATE products SET name = ${long} WHERE id = 1`);
    await writer.query(`UPDATE products SET name = ${long} WHERE id = 1 ${named}`);
    await writer.query(`UPDATE products SET name = 'route=''/b''' WHERE id = 1`);
    const { writes, moments } = await strayMoments(admin, fence.context, 5);
    expect(writes).toBe(3);
    const comment = { table: 'public.products', route: '%2Fa%2F%3Aid', trace: half };
    expect(moments.toReversed()).toMatchObject([comment, comment, { route: null, trace: null }]);
    await writer.query(
      `DO $$ BEGIN FOR n IN 1..520 LOOP UPDATE products SET price = n WHERE id = 1; END LOOP; END $$`,
    );
    const more = await strayMoments(admin, fence.context, 5);
    expect([more.writes, more.moments.length]).toEqual([523, 503]);
    expect(await strayMoments(admin, fence.context, 4)).toEqual({ writes: 0, moments: [] });
  });

  test('takes one statement for one writer, also of transactions that see no other rows of the log', async () => {
    await installFence(admin, { ...audit, epoch: 6 });
    await writer.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    for (const id of [1, 2]) await writer.query(`UPDATE products SET price = 5 WHERE id = ${id}`);
    await writer.query('COMMIT');
    const { moments } = await strayMoments(admin, fence.context, 6);
    expect(moments).toHaveLength(2);
    expect(new Set(moments.map((moment) => moment.writer)).size).toBe(1);
  });

  test('never makes one business transaction wait for another, nor fail to serialise', async () => {
    await installFence(admin, audit);
    const seen = async (): Promise<number> =>
      (await strayWriters(admin, fence.context)).reduce(
        (sum, { writes }) => sum + Number(writes),
        0,
      );
    const before = await seen();
    const second = await open(database.url);
    await writer.query('UPDATE products SET price = 1 WHERE id = 1');
    for (const isolation of ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE']) {
      for (const client of [writer, second]) {
        await client.query(`BEGIN ISOLATION LEVEL ${isolation}; SET LOCAL lock_timeout = '2s'`);
      }
      await writer.query('UPDATE products SET price = 1 WHERE id = 1');
      await second.query('UPDATE products SET price = 1 WHERE id = 2');
      await writer.query('COMMIT');
      await second.query('COMMIT');
    }
    await second.end();
    // And none of the seven went unseen.
    expect((await seen()) - before).toBe(7);
  });

  test('finds its row where it left it: a transaction that writes often searches once', async () => {
    await installFence(admin, { ...audit, epoch: 60 });
    // What the session did before counts too until the server has written it down, which it never does in a transaction.
    const searches = async (): Promise<number> => {
      const { rows } = await writer.query<{ searches: string }>(
        `SELECT sum(idx_scan + coalesce(seq_scan, 0))::text AS searches
           FROM pg_stat_xact_all_tables WHERE schemaname = 'strangler' AND relname = 'stray_writes'`,
      );
      return Number(rows[0]?.searches);
    };
    await writer.query('BEGIN');
    const before = await searches();
    for (let n = 0; n < 20; n += 1) {
      await writer.query('UPDATE products SET price = 1 WHERE id = 1');
      await writer.query(`SAVEPOINT s; UPDATE products SET price = 2; ROLLBACK TO s`);
    }
    const made = (await searches()) - before;
    await writer.query('COMMIT');
    // What was rolled back is searched again.
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(25);
    expect((await strayMoments(admin, fence.context, 60)).writes).toBe(20);
  });

  const rowsOf = async (epoch: number): Promise<[number, number]> => {
    const { rows } = await admin.query<{ rows: string; writes: string }>(
      'SELECT count(*)::text AS rows, sum(writes)::text AS writes FROM strangler.stray_writes WHERE epoch = $1',
      [epoch],
    );
    return [Number(rows[0]?.rows), Number(rows[0]?.writes)];
  };

  test('adds no row per write of repeatable reads, in one transaction or in many', async () => {
    await installFence(admin, { ...audit, epoch: 61 });
    const level = 'BEGIN ISOLATION LEVEL REPEATABLE READ';
    await writer.query(`${level}; DO $$ BEGIN FOR n IN 1..300 LOOP
      UPDATE products SET price = n WHERE id = 1; END LOOP; END $$; COMMIT`);
    for (let n = 0; n < 5; n += 1) {
      await writer.query(level);
      await writer.query('UPDATE products SET price = 1 WHERE id = 1');
      await writer.query('UPDATE products SET price = 1 WHERE id = 1');
      await writer.query('COMMIT');
    }
    // one of the loop's statement, one of the other
    expect(await rowsOf(61)).toEqual([2, 310]);
    // what another session changed meanwhile cannot be changed by one that does not see it, and is not lost for it
    await writer.query(level);
    await writer.query('SELECT FROM products');
    const second = await open(database.url, 'price job');
    await second.query(`SET ROLE "${role}"`);
    await second.query('UPDATE products SET price = 1 WHERE id = 1');
    await second.end();
    await writer.query('UPDATE products SET price = 1 WHERE id = 2');
    await writer.query('COMMIT');
    expect((await rowsOf(61))[1]).toBe(312);
  });

  test('searches for none of a hundred writers in a session that wrote for them before', async () => {
    await installFence(admin, { ...audit, epoch: 62 });
    const write = async (): Promise<void> => {
      for (let n = 0; n < 100; n += 1)
        await writer.query(`UPDATE products SET price = 1 WHERE id = 1 /* ${'x'.repeat(n + 1)} */`);
    };
    await writer.query('BEGIN');
    await write();
    const searches = async (): Promise<number> => {
      const { rows } = await writer.query<{ searches: string }>(
        `SELECT sum(idx_scan + coalesce(seq_scan, 0))::text AS searches
           FROM pg_stat_xact_all_tables WHERE schemaname = 'strangler' AND relname = 'stray_writes'`,
      );
      return Number(rows[0]?.searches);
    };
    const before = await searches();
    await write();
    expect((await searches()) - before).toBe(0);
    await writer.query('COMMIT');
    expect(await rowsOf(62)).toEqual([100, 200]);
  });

  test('adds one row for each serializable transaction, which reads nothing that others wrote', async () => {
    await installFence(admin, { ...audit, epoch: 64 });
    const second = await open(database.url, 'price job');
    await second.query(`SET ROLE "${role}"`);
    const read = async (): Promise<unknown> =>
      (
        await admin.query(
          `SELECT count(*)::int AS n FROM pg_locks WHERE mode = 'SIReadLock'
             AND relation IN ('strangler.stray_writes'::regclass, 'strangler.stray_moments'::regclass)`,
        )
      ).rows[0]?.n;
    // where its session left a row before, another transaction would read it
    await writer.query('UPDATE products SET price = 1 WHERE id = 1');
    for (let n = 0; n < 3; n += 1) {
      for (const client of [writer, second])
        await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
      for (let m = 0; m < 3; m += 1) {
        await writer.query('UPDATE products SET price = 1 WHERE id = 1');
        await writer.query(
          'SAVEPOINT s; UPDATE products SET price = 2 WHERE id = 1; ROLLBACK TO s',
        );
        await second.query('UPDATE products SET price = 1 WHERE id = 2');
      }
      expect(await read()).toBe(0);
      for (const client of [writer, second]) await client.query('COMMIT');
    }
    await second.query(`BEGIN ISOLATION LEVEL SERIALIZABLE; DO $$ BEGIN FOR n IN 1..1100 LOOP
      UPDATE products SET price = n WHERE id = 1; END LOOP; END $$; COMMIT`);
    await second.end();
    expect(await rowsOf(64)).toEqual([8, 1119]);
  });

  test('is added up later where a transaction may see no row of others, with the newest times', async () => {
    await installFence(admin, { ...audit, epoch: 63 });
    await writer.query(`SET default_transaction_isolation = 'serializable'`);
    for (const count of [2, 520])
      await writer.query(`DO $$ BEGIN FOR n IN 1..${count} LOOP
        UPDATE products SET price = n WHERE id = 1; COMMIT; END LOOP; END $$`);
    await writer.query('RESET default_transaction_isolation');
    expect(await rowsOf(63)).toEqual([522, 522]);
    const told = async () => {
      const one = (await strayWriters(admin, fence.context)).filter(({ epoch }) => epoch === 63);
      const { writes, moments } = await strayMoments(admin, fence.context, 63);
      return { writers: one, writes, newest: moments.slice(0, 500).map(({ at }) => at) };
    };
    const before = await told();
    // what somebody holds stays as it is, and nobody waits
    const second = await open(database.url);
    await second.query(
      'BEGIN; SELECT FROM strangler.stray_writes WHERE epoch = 63 ORDER BY id LIMIT 1 FOR UPDATE',
    );
    await admin.query(`SET lock_timeout = '2s'`);
    expect(await tidyStrays(admin, fence.context)).toBeGreaterThanOrEqual(518);
    await second.query('ROLLBACK');
    await second.end();
    await tidyStrays(admin, fence.context);
    await admin.query('RESET lock_timeout');
    expect((await rowsOf(63))[1]).toBe(522);
    expect((await rowsOf(63))[0]).toBe(before.writers.length);
    const after = await told();
    expect(after.writers).toEqual(before.writers);
    expect(after.newest.slice(0, 498)).toEqual(before.newest.slice(0, 498));
    await writer.query(`DO $$ BEGIN FOR n IN 1..520 LOOP
        UPDATE products SET price = n WHERE id = 1; COMMIT; END LOOP; END $$`);
    expect((await told()).writes).toBe(1042);
    expect(await tidyStrays(admin, fence.context)).toBe(0);
  });

  test('survives the loss of its own table', async () => {
    await installFence(admin, audit);
    await admin.query('ALTER TABLE strangler.stray_writes RENAME TO hidden');
    expect((await writer.query('UPDATE products SET price = 1 WHERE id = 1')).rowCount).toBe(1);
    await admin.query('ALTER TABLE strangler.hidden RENAME TO stray_writes');
  });

  test('becomes a refusing fence, and the other way round, in one step', async () => {
    await installFence(admin, audit);
    await installFence(admin, fence);
    await refusal('DELETE FROM products');
    await installFence(admin, audit);
    await writer.query('DELETE FROM products');
  });
});

describe('a move guard', () => {
  test('stops a command that was overtaken, also when it wakes up late', async () => {
    const old = { context: 'guarded', control: 'c', number: '7' };
    const next = { ...old, number: '8' };
    await installFence(admin, { ...fence, context: 'guarded' });
    await guarded(admin, old, async () => {});
    await guarded(admin, next, async () => {});
    await expect(removeFence(admin, 'guarded', { guard: old })).rejects.toMatchObject({
      code: 'LEASE_LOST',
    });
    expect((await fenceStatus(admin, 'guarded', fence.tables)).mode).toBe('refuse');
    await removeFence(admin, 'guarded', { guard: next, drop: true });
    await guarded(admin, { ...old, control: 'rebuilt', number: '1' }, async () => {});
  });

  test('makes two movers take turns', async () => {
    const second = await open(database.url);
    await admin.query('BEGIN');
    await claim(admin, { context: 'guarded', control: 'c', number: '20' });
    const late = guarded(
      second,
      { context: 'guarded', control: 'c', number: '19' },
      async () => 'passed',
    ).catch((error: unknown) => error);
    await admin.query('COMMIT');
    expect(await late).toMatchObject({ code: 'LEASE_LOST' });
    await second.end();
  });
});

describe('sequences', () => {
  test('continue past everything that either side handed out or stored, once', async () => {
    await admin.query(`CREATE SCHEMA other; CREATE TABLE other.items (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY); CREATE TABLE other.down (id int);
      CREATE SEQUENCE other.wide INCREMENT 50; CREATE SEQUENCE other.falling INCREMENT -1 MAXVALUE -1; CREATE SEQUENCE public.wide INCREMENT 50; CREATE SEQUENCE public.falling INCREMENT -1 MAXVALUE -1;
      CREATE SEQUENCE public.fresh INCREMENT 50; CREATE SEQUENCE other.fresh INCREMENT 50;
      CREATE SEQUENCE other.small AS smallint; INSERT INTO other.items VALUES (9007199254740993); SELECT setval('public.wide', 101), setval('public.falling', -40), setval('other.small', 32000); SELECT nextval('products_id_seq')`);
    const pairs = [
      {
        from: { sequence: 'products_id_seq', table: 'public.products', column: 'id' },
        to: { sequence: 'other.items_id_seq', table: 'other.items', column: 'id' },
      },
      {
        from: { sequence: 'public.wide', table: null, column: null },
        to: { sequence: 'other.wide', table: null, column: null },
      },
      {
        from: { sequence: 'public.falling', table: null, column: null },
        to: { sequence: 'other.falling', table: null, column: null },
      },
      {
        from: { sequence: 'public.fresh', table: null, column: null },
        to: { sequence: 'other.fresh', table: null, column: null },
      },
    ];
    const moved = await moveSequences(admin, admin, pairs, 1000);
    expect(moved).toEqual([
      { sequence: 'other.items_id_seq', next: '9007199254741994', changed: true },
      { sequence: 'other.wide', next: String(101 + 50_000 + 50), changed: true },
      { sequence: 'other.falling', next: String(-40 - 1000 - 1), changed: true },
      // of which nobody drew the first number, 1
      { sequence: 'other.fresh', next: String(1 - 50 + 50_000 + 50), changed: true },
    ]);
    expect((await admin.query(`SELECT nextval('other.items_id_seq') AS id`)).rows[0]?.id).toBe(
      '9007199254741994',
    );
    expect(
      (await moveSequences(admin, admin, pairs.slice(1), 1000)).map((sequence) => sequence.changed),
    ).toEqual([false, false, false]);
    await expect(
      moveSequences(
        admin,
        admin,
        [
          {
            from: { sequence: 'public.wide', table: null, column: null },
            to: { sequence: 'other.small', table: null, column: null },
          },
        ],
        40_000,
      ),
    ).rejects.toThrow(/outside/);
  });
});
