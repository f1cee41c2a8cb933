import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import pg from 'pg';
import { installFence, removeFence } from '../src/cutover/fence.ts';
import { fenceStatus } from '../src/cutover/fence-status.ts';
import { noticeOpenings, readOpenings } from '../src/replica/fence-marks.ts';
import { applying } from '../src/replica/fences.ts';

const item = { schema: 'public', table: 'items' };
const events = { schema: 'public', table: 'events' };
const fence = {
  context: 'shop',
  tables: [item, events],
  owner: 'monolith',
  mode: 'refuse',
} as const;

let database: TestDatabase;
let admin: pg.Client;
let writer: pg.Client;

const open = async (): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  return client;
};

beforeAll(async () => {
  database = await createTestDatabase('fence_openings');
  [admin, writer] = [await open(), await open()];
  await admin.query(`CREATE TABLE items (id int PRIMARY KEY);
    CREATE TABLE events (day int) PARTITION BY RANGE (day);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10)`);
});
beforeEach(async () => {
  await installFence(admin, fence);
});
afterEach(async () => {
  await writer.query('RESET ALL');
  await removeFence(admin, fence.context, { drop: true });
});
afterAll(async () => {
  await Promise.all([admin.end(), writer.end()]);
  await database.drop();
});

const opened = async (): Promise<number | undefined> =>
  (await readOpenings(admin, fence.context))?.opened;
const body = (what: string): string =>
  `CREATE OR REPLACE FUNCTION strangler.fence_refuse() RETURNS trigger LANGUAGE plpgsql
   SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$${what}$body$`;

describe('somebody steps round a fence', () => {
  test.each([
    [
      'opens and closes it, as restore scripts do',
      `ALTER TABLE items DISABLE TRIGGER ALL; INSERT INTO items VALUES (1); DELETE FROM items; ALTER TABLE items ENABLE TRIGGER ALL`,
      'the fence of public.items was switched off and on, or altered',
    ],
    [
      'does so in one transaction',
      'BEGIN; ALTER TABLE items DISABLE TRIGGER USER; ALTER TABLE items ENABLE TRIGGER USER; COMMIT',
      'the fence of public.items was switched off and on, or altered',
    ],
    [
      'leaves it open',
      'ALTER TABLE items DISABLE TRIGGER strangler_fence',
      'the fence of public.items was switched off',
    ],
    [
      'opens and closes that of a partition',
      'ALTER TABLE events_1 DISABLE TRIGGER ALL; ALTER TABLE events_1 ENABLE TRIGGER ALL',
      'the fence of public.events_1 was switched off and on, or altered',
    ],
    [
      'drops it and makes it again by hand',
      `DROP TRIGGER strangler_fence ON items; CREATE TRIGGER strangler_fence BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON items
         FOR EACH STATEMENT EXECUTE FUNCTION strangler.fence_refuse('shop', 'monolith')`,
      'the fence of public.items was dropped',
    ],
    [
      'gives it another name',
      'ALTER TRIGGER strangler_fence ON items RENAME TO mine; ALTER TRIGGER mine ON items RENAME TO strangler_fence',
      'the fence of public.items was switched off and on, or altered',
    ],
  ])('who %s is counted once, and named', async (what, sql, line) => {
    const left = what === 'leaves it open';
    expect(await opened()).toBe(0);
    await writer.query(sql);
    expect(await readOpenings(admin, fence.context)).toMatchObject({ opened: 1, noticed: [line] });
    expect(await noticeOpenings(admin, fence.context)).toMatchObject({
      begun: false,
      fresh: [line],
    });
    expect(await noticeOpenings(admin, fence.context)).toMatchObject({ begun: false, fresh: [] });
    const told = await readOpenings(admin, fence.context);
    expect(told).toMatchObject({ opened: 1, noticed: [line] });
    expect(Date.now() - Date.parse(told?.noticedAt ?? '')).toBeLessThan(60_000);
    // Set anew it is as this release sets it; what happened stays told.
    await installFence(admin, fence);
    expect(await fenceStatus(admin, fence.context, fence.tables)).toMatchObject({
      mode: 'refuse',
      passesReplica: [],
      // Until now nobody knew when it would stand again.
      openings: { opened: left ? 2 : 1 },
    });
    await writer.query(
      'ALTER TABLE items DISABLE TRIGGER ALL; ALTER TABLE items ENABLE TRIGGER ALL',
    );
    expect(await opened()).toBe(left ? 3 : 2);
  });

  test('who switches it on later is counted again: until then everybody could write', async () => {
    await writer.query('ALTER TABLE items DISABLE TRIGGER strangler_fence');
    await noticeOpenings(admin, fence.context);
    await installFence(admin, fence);
    expect(await opened()).toBe(2);
  });

  test('who leaves what fires for rows and takes the rest leaves the table open', async () => {
    await writer.query('ALTER TABLE events DISABLE TRIGGER strangler_fence');
    expect(await fenceStatus(admin, fence.context, fence.tables)).toMatchObject({
      mode: 'partial',
      open: ['public.events'],
    });
  });

  test('who takes all of it away is counted, and still is when it stands again', async () => {
    await writer.query(`DROP TRIGGER strangler_fence ON items; DROP TRIGGER strangler_fence ON events;
      DROP TRIGGER strangler_fence_row ON events; DROP TRIGGER strangler_fence ON events_1`);
    await noticeOpenings(admin, fence.context);
    await installFence(admin, fence);
    expect(await readOpenings(admin, fence.context)).toMatchObject({
      opened: 1,
      noticed: expect.arrayContaining(['the fence of public.items was dropped']),
    });
  });

  test('who replaces its function is counted, also with its own put back', async () => {
    const { rows } = await admin.query<{ source: string }>(
      `SELECT prosrc AS source FROM pg_proc WHERE oid = 'strangler.fence_refuse()'::regprocedure`,
    );
    const own = body(rows[0]?.source ?? '');
    await admin.query(body('BEGIN RETURN NULL; END'));
    const other = ['the function of the fence is another one'];
    expect((await noticeOpenings(admin, fence.context)).fresh).toEqual(other);
    await admin.query(own);
    expect((await noticeOpenings(admin, fence.context)).fresh).toEqual(other);
    await admin.query(body('BEGIN RETURN NULL; END'));
    await admin.query(own);
    expect((await noticeOpenings(admin, fence.context)).fresh).toEqual([
      'the function of the fence was replaced, and put back',
    ]);
    expect(await opened()).toBe(3);
  });
});

describe('what opens no fence is not counted:', () => {
  test.each([
    [
      'the catalog stored anew, and frozen',
      ['VACUUM FULL pg_trigger', 'VACUUM FREEZE pg_trigger', 'VACUUM FULL pg_proc'],
    ],
    [
      'grants on its function, and another owner of the table',
      [
        'GRANT EXECUTE ON FUNCTION strangler.fence_refuse() TO pg_monitor',
        'ALTER TABLE items OWNER TO pg_monitor; ALTER TABLE items OWNER TO CURRENT_USER',
        'REVOKE EXECUTE ON FUNCTION strangler.fence_refuse() FROM pg_monitor',
      ],
    ],
    [
      'columns, indexes, a rewrite and another name of the table',
      [
        'ALTER TABLE items ADD note text; CREATE INDEX items_note ON items (note); ALTER TABLE items ALTER note TYPE varchar(9)',
        'VACUUM FULL items; ALTER TABLE items DROP note; ALTER TABLE items RENAME TO things; ALTER TABLE things RENAME TO items',
      ],
    ],
    [
      'partitions that come and go',
      [
        `CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20); CREATE TABLE events_3 (day int);
           ALTER TABLE events ATTACH PARTITION events_3 FOR VALUES FROM (20) TO (30)`,
        'ALTER TABLE events DETACH PARTITION events_3; DROP TABLE events_2, events_3',
      ],
    ],
  ])('%s', async (_what, statements) => {
    for (const sql of statements) {
      // VACUUM stands alone.
      for (const one of sql.split('; ')) await admin.query(one);
      expect((await noticeOpenings(admin, fence.context)).fresh).toEqual([]);
    }
    expect(await opened()).toBe(0);
  });

  test('a table that is gone', async () => {
    await admin.query('DROP TABLE items');
    expect((await noticeOpenings(admin, fence.context)).fresh).toEqual([]);
    await admin.query('CREATE TABLE items (id int PRIMARY KEY)');
  });

  test('a fence that is set again as it stands, lifted, or set anew', async () => {
    await installFence(admin, fence);
    expect(await opened()).toBe(0);
    await writer.query(
      'ALTER TABLE items DISABLE TRIGGER ALL; ALTER TABLE items ENABLE TRIGGER ALL',
    );
    await removeFence(admin, fence.context);
    await writer.query('ALTER TABLE items DISABLE TRIGGER ALL');
    expect(await noticeOpenings(admin, fence.context)).toMatchObject({ begun: false, fresh: [] });
    await installFence(admin, fence);
    expect(await readOpenings(admin, fence.context)).toMatchObject({ opened: 0, noticed: [] });
  });

  test('a lifted fence that is dropped leaves neither trigger nor mark', async () => {
    await removeFence(admin, fence.context);
    await removeFence(admin, fence.context, { drop: true });
    const { rows } = await admin.query(
      `SELECT tgname FROM pg_trigger WHERE tgname LIKE 'strangler%'
       UNION ALL SELECT context FROM strangler.fence_marks`,
    );
    expect(rows).toEqual([]);
  });

  test('a fence that an earlier release set after this one had lifted it', async () => {
    await removeFence(admin, fence.context);
    for (const table of ['items', 'events', 'events_1'])
      await admin.query(`ALTER TABLE ${table} ENABLE TRIGGER strangler_fence`);
    expect(await noticeOpenings(admin, fence.context)).toMatchObject({ begun: true, fresh: [] });
    await writer.query(
      'ALTER TABLE items DISABLE TRIGGER ALL; ALTER TABLE items ENABLE TRIGGER ALL',
    );
    expect(await opened()).toBe(1);
  });

  test('a fence of an earlier release: what stands is what is known from now on', async () => {
    await admin.query('DELETE FROM strangler.fence_marks');
    await admin.query('ALTER TABLE items ENABLE TRIGGER strangler_fence');
    expect(await readOpenings(admin, fence.context)).toBeUndefined();
    expect(await noticeOpenings(admin, fence.context)).toMatchObject({ begun: true, fresh: [] });
    expect(await noticeOpenings(admin, fence.context)).toMatchObject({ begun: false, fresh: [] });
    expect(await opened()).toBe(0);
    expect(await fenceStatus(admin, fence.context, fence.tables)).toMatchObject({
      mode: 'refuse',
      passesReplica: ['public.items'],
    });
  });
});

describe('a session in replica role', () => {
  test.each([
    'INSERT INTO items VALUES (1)',
    'UPDATE items SET id = 2',
    'DELETE FROM items',
    'TRUNCATE items',
    'INSERT INTO events VALUES (1)',
    'INSERT INTO events_1 VALUES (1)',
    'COPY items FROM PROGRAM $$true$$',
  ])('is refused %s, and told why', async (sql) => {
    await writer.query('SET session_replication_role = replica');
    await expect(writer.query(sql)).rejects.toMatchObject({
      code: 'SF001',
      hint: expect.stringContaining('session_replication_role'),
    });
  });

  test('passes when it applies, or is one of an earlier release, which nobody can say outside of that role', async () => {
    await writer.query(applying());
    await writer.query('INSERT INTO items VALUES (1); UPDATE items SET id = 2; TRUNCATE items');
    await writer.query('INSERT INTO events VALUES (1); DELETE FROM events_1');
    await writer.query(`RESET strangler.applying; SET application_name = 'strangler-apply-shop'`);
    await writer.query('INSERT INTO items VALUES (1); TRUNCATE items');
    await writer.query('RESET session_replication_role');
    for (const sql of ['INSERT INTO items VALUES (1)', 'TRUNCATE events'])
      await expect(writer.query(sql)).rejects.toMatchObject({ code: 'SF001' });
  });
});
