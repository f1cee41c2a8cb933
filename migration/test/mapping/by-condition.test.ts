import { expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { dropDeadLetter } from '../../src/apply/dead-letters.ts';
import { meantRows } from '../../src/copy/meant-rows.ts';
import { listDeadLetters } from '../../src/replica/dead-letters.ts';
import { contextTables, installFence } from '../../src/cutover/index.ts';
import { connect } from '../../src/database/connect.ts';
import { caughtUp, startWorker } from '../worker/shop.ts';
import {
  cutOff as cutOffLists,
  expectLargeLists,
  expectLists,
  expectRemade,
  openLists,
  said,
  workload as workOnLists,
} from './as-lists.ts';
import {
  expectForward,
  expectSame,
  keptRows,
  letters,
  meantRows as rowsOfContext,
  openByCondition,
  verified,
} from './by-condition.ts';
import {
  expectForward as expectKinds,
  expectRepaired,
  expectSame as expectSameKinds,
  expectResumed as resumeKinds,
  expectReverse,
  maps,
  openByKind,
} from './by-kind.ts';
import { openCommands } from './commands.ts';
import { giveBack, giveToService, outcomeOf } from './moved.ts';
import { besideTheMove, expectFenced, expectGivenUp } from './moved-by-condition.ts';
import { cutOff, expectOne, expectWorkload, openToOne } from './to-one.ts';

test('rows by condition are copied, follow every move over the border, and come back; the others stay as they are', async () => {
  await using shop = await openByCondition();
  await using _worker = startWorker(shop);
  await expectForward(shop, 150);
  await expectGivenUp(shop);
  const there = await besideTheMove(shop, () => giveToService(shop));
  expect(there.result.map(({ sequence }) => sequence)).toEqual(['public.things_id_seq']);
  expect(there.result[0]?.next).toBeGreaterThan(200_000 + 1000);
  expect(there.writes).toBeGreaterThan(10);
  await expectFenced(shop);
  const kept = await keptRows(shop);
  await shop.service.query(`
    UPDATE things SET name = name || '!' WHERE id % 7 = 0;
    UPDATE things SET tenant = 3 - tenant, id = id + 500000 WHERE id % 31 = 0;
    INSERT INTO things SELECT 1, n, 'new', NULL FROM generate_series(1000000, 1000100) n;
    DELETE FROM things WHERE id % 11 = 0;
    INSERT INTO papers SELECT n, 'note', NULL FROM generate_series(1000000, 1000100) n;
    UPDATE papers SET kind = CASE kind WHEN 'note' THEN 'it''s' ELSE 'note' END WHERE id % 5 = 0;
    UPDATE papers SET id = id + 500000 WHERE id % 37 = 0;
    DELETE FROM papers WHERE id % 13 = 0`);
  await expectSame(shop, 'reverse');
  expect(await keptRows(shop)).toEqual(kept);
  expect(await letters(shop.monolith)).toEqual([]);
  const { rows } = await shop.monolith.query(
    `SELECT tenant, closed_by, note FROM docs WHERE id = 1000001`,
  );
  expect(rows).toEqual([{ tenant: 'a\\b', closed_by: null, note: 'made here' }]);
  // the monolith goes on with what is its own, and with nothing else
  await shop.monolith.query(`
    INSERT INTO items VALUES (3, 77, 'kept', NULL); UPDATE items SET name = 'kept' WHERE tenant = 3; DELETE FROM items WHERE tenant = 0;
    UPDATE docs SET note = 'kept' WHERE tenant = 'other'`);
  await expectSame(shop, 'reverse');
  // back, and there once more
  const { result } = await besideTheMove(shop, () => giveBack(shop));
  expect(result).toEqual([{ sequence: 'public.items_id_seq', next: 1_000_100 + 1001 }]);
  expect(await outcomeOf(shop.service, 'DELETE FROM things WHERE false')).toBe('SF001');
  await shop.monolith.query(
    `INSERT INTO items (tenant, name) VALUES (1, 'after the rollback'); DELETE FROM docs WHERE id % 17 = 0`,
  );
  await expectSame(shop, 'forward');
  await giveToService(shop);
  // emptied at the service: what the monolith keeps stays
  const stays = await keptRows(shop);
  await shop.service.query('TRUNCATE things, papers');
  await caughtUp(shop, 'reverse');
  expect(await rowsOfContext(shop)).toEqual([]);
  expect(await keptRows(shop)).toEqual(stays);
});

test('rows of one table go to several of the service by kind, pass from one to the other, and come back', async () => {
  await using shop = await openByKind();
  await using strangler = await openCommands(shop);
  await resumeKinds(shop);
  await using _worker = startWorker(shop);
  await expectKinds(shop, 120);
  await expectRepaired(shop);
  expect(await strangler.move('cutover')).toEqual([]);
  await expect(
    shop.monolith.query(`UPDATE media SET kind = 'map' WHERE kind = 'disc'`),
  ).rejects.toMatchObject({ code: 'SF001' });
  await shop.monolith.query(`UPDATE media SET title = 'kept' WHERE kind = 'map'`);
  await expectReverse(shop, 120);
  const made = `SELECT shelf, minutes FROM media WHERE author = 'once a disc' AND title <> 'new'`;
  expect((await shop.monolith.query(`${made} LIMIT 1`)).rows).toEqual([
    { shelf: 'made here', minutes: null },
  ]);

  // two of one key: the one that came later waits, and comes in when the first is gone
  const { rows: some } = await shop.service.query<{ id: string }>(
    'SELECT max(id)::text AS id FROM books',
  );
  const id = some[0]?.id ?? '';
  await shop.service.query(`INSERT INTO discs VALUES (${id}, 'twice')`);
  await until('it waits', async () => (await letters(shop.monolith)).length > 0);
  expect(await letters(shop.monolith)).toEqual([`{"id":"${id}"} ROW_OUTSIDE`]);
  await shop.service.query(`UPDATE books SET title = 'behind it' WHERE id = ${id}`);
  await until('behind it', async () => (await letters(shop.monolith)).length > 1);
  // of the table that is emptied nothing waits any more; what came of the other one does
  const stays = await maps(shop);
  await shop.service.query('TRUNCATE discs');
  await caughtUp(shop, 'reverse');
  expect(await letters(shop.monolith)).toEqual([`{"id":"${id}"} DEAD_LETTERS`]);
  const { rows: left } = await shop.monolith.query(
    `SELECT kind, count(*)::text FROM media WHERE kind <> 'map' GROUP BY 1`,
  );
  expect(left).toEqual([{ kind: 'book', count: expect.any(String) }]);
  expect(await maps(shop)).toEqual(stays);
  // back, once nothing waits any more
  await strangler.run('dead-letters', 'replay', 'goods', '--all');
  expect(await strangler.move('rollback')).toEqual([]);
  await shop.monolith.query(`
    INSERT INTO media (id, kind, title) VALUES (9000001, 'disc', 'after it'); UPDATE media SET kind = 'disc' WHERE kind = 'book' AND id % 5 = 0`);
  await expectSameKinds(shop, 'forward');
});

test('several tables are one of the service, told apart by a constant, and come back', async () => {
  await using shop = await openToOne();
  await using strangler = await openCommands(shop);
  await cutOff(shop);
  await using worker = startWorker(shop);
  await expectWorkload(shop, 'forward', 100);
  expect(worker.notes).toEqual([expect.stringMatching(/goes on with the copy/)]);
  await shop.monolith.query(
    'TRUNCATE boats; INSERT INTO boats SELECT n FROM generate_series(1, 600) n',
  );
  await expectOne(shop, 'forward');
  const most = async (): Promise<number> =>
    Number((await shop.service.query('SELECT max(id) AS most FROM vehicles')).rows[0]?.most);
  const next = (await most()) + 1001;
  expect(await strangler.move('cutover')).toEqual([{ sequence: 'public.vehicles_id_seq', next }]);
  await expectWorkload(shop, 'reverse', 100);
  expect(await strangler.move('rollback')).toEqual([
    { sequence: 'public.cars_id_seq', next: next + 1000 },
    { sequence: 'public.boats_no_seq', next: next + 1000 },
  ]);
  await expectWorkload(shop, 'forward', 20);
  await giveToService(shop);

  // a row of no mapping: nobody else would tell
  await shop.service.query(`
    INSERT INTO vehicles (id, kind) VALUES (7000000, 'sledge');
    UPDATE vehicles SET kind = 'sledge' WHERE (id, kind) = (SELECT max(id), 'car' FROM vehicles WHERE kind = 'car')`);
  await until('both wait', async () => (await letters(shop.monolith)).length === 2);
  expect((await letters(shop.monolith)).join()).toMatch(
    /^\{"id":"\d+"\} ROW_OUTSIDE,\{"id":"\d+"\} ROW_OUTSIDE$/,
  );
  await caughtUp(shop, 'reverse');
  const { tables } = await verified(shop, 'reverse');
  expect(tables.map(({ table, differing }) => [table, differing.map(({ kind }) => kind)])).toEqual([
    ['cars', expect.arrayContaining(['missing', 'different'])],
    ['boats', []],
  ]);
});

test('rows of child tables are arrays at the service as well, and come back from whichever it writes', async () => {
  await using shop = await openLists();
  await using strangler = await openCommands(shop);
  await cutOffLists(shop);
  const fence = { context: 'goods', owner: 'monolith', mode: 'refuse' } as const;
  {
    await using worker = startWorker(shop);
    await expectLists(shop, 'forward');
    expect(worker.notes).toEqual([expect.stringMatching(/goes on with the copy/)]);
    await installFence(shop.service, { ...fence, tables: contextTables(shop.definition).service });
    await workOnLists(shop, 'forward', 50);
    await shop.monolith.query('TRUNCATE pictures');
    await expectLists(shop, 'forward');
    expect(await said(shop, `UPDATE goods SET tags = '{x}'`)).toBe('SF001');
    expect(await said(shop, 'DELETE FROM good_tags')).toBe('SF001');
    await expectRemade(shop);
    await strangler.move('cutover');
    await workOnLists(shop, 'reverse', 50);
    await expectLists(shop, 'reverse');

    // what rows do not give back is refused, by whoever says it
    const one = 'WHERE id = (SELECT min(id) FROM goods)';
    expect(await said(shop, `UPDATE goods SET tags = '{{a,b},{c,d}}' ${one}`)).toBe('SF004');
    expect(await said(shop, `UPDATE goods SET tags = '[2:3]={a,b}' ${one}`)).toBe('SF004');
    expect(await said(shop, `UPDATE goods SET pictures = '"u"' ${one}`)).toBe('SF004');
    expect(await said(shop, `UPDATE goods SET pictures = '[1]' ${one}`)).toBe('SF004');
    expect(await said(shop, `UPDATE goods SET stars = '["many"]' ${one}`)).toBe('22P02');
    expect(await said(shop, `UPDATE goods SET tags = NULL ${one}`)).toBe('23502');

    // both are written at once: the second waits, and takes what the first committed
    const other = await connect(shop.serviceUrl, { applicationName: 'test' });
    await other.query(`BEGIN; UPDATE goods SET tags = tags || 'by the array'::text ${one}`);
    const waiting = shop.service.query(
      `INSERT INTO good_tags (good_id, place, tag) SELECT min(id), -900, 'by the row' FROM goods`,
    );
    await until('it waits', async () => {
      const { rows } = await other.query(`SELECT FROM pg_locks WHERE NOT granted
        AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`);
      return rows.length > 0;
    });
    await other.query('COMMIT');
    await waiting;
    await other.end();
    const { rows: both } = await shop.service.query(
      `SELECT tags = ARRAY(SELECT tag FROM good_tags t WHERE good_id = g.id ORDER BY place, t.id) AS alike,
         tags @> '{by the row,by the array}' AS whole FROM goods g ${one}`,
    );
    expect(both).toEqual([{ alike: 't', whole: 't' }]);
    await expectLargeLists(shop);
    await shop.service.query(
      'TRUNCATE goods, good_pictures; INSERT INTO goods SELECT n FROM generate_series(1, 600) n',
    );
    await shop.service.query(
      `UPDATE goods SET tags = ARRAY['t' || id, NULL], stars = '[3]' WHERE id % 2 = 0`,
    );
    await expectLists(shop, 'reverse');
  }

  // somebody switched the triggers off: a difference has a name, and nothing of the service's is overwritten
  await shop.service.query(
    `ALTER TABLE goods DISABLE TRIGGER USER; UPDATE goods SET tags = '{past}' WHERE id = 7`,
  );
  const found = { table: 'goods', column: 'tags', list: 'good_tags' };
  const off = { failure: expect.stringContaining('not on') };
  expect((await verified(shop, 'reverse')).underived).toEqual([
    { ...found, ...off, rows: 1, keys: [['7']] },
    expect.objectContaining({ column: 'pictures', rows: 0, ...off }),
    expect.objectContaining({ column: 'stars', rows: 0, ...off }),
  ]);
  const { checks = [] } = await strangler.run('doctor', 'goods');
  expect(checks.filter(({ check }) => check === 'lists')).toMatchObject([{ ok: false }]);
  await using worker = startWorker(shop);
  await caughtUp(shop, 'reverse');
  expect(worker.notes).toEqual([expect.stringMatching(/"tags".* not kept alike until now/)]);
  expect((await verified(shop, 'reverse')).underived).toEqual([
    { ...found, rows: 1, keys: [['7']] },
  ]);
  await expect(strangler.run('verify', 'goods')).rejects.toThrow(/exited 3/);
  await shop.service.query(`INSERT INTO good_tags (good_id, place) VALUES (7, 1)`);
  await strangler.move('rollback');

  // while the monolith owns them, rows say what an array is
  await shop.service.query(
    `SET session_replication_role = replica; SET strangler.applying = 'on'; UPDATE goods SET tags = '{past}' WHERE id = 8`,
  );
  await expect(strangler.run('verify', 'goods')).rejects.toThrow(/exited 3/);
  await strangler.run('verify', 'goods', '--repair', '--keys', 'products:8');
  await strangler.run('verify', 'goods');
  await expectLists(shop, 'forward');
});

test('what the service may not write waits by name, and harms no row of the monolith', async () => {
  await using shop = await openByCondition();
  await using _worker = startWorker(shop);
  await caughtUp(shop, 'forward');
  await giveToService(shop);
  const kept = await keptRows(shop);
  // what the copy expected: progress and its end would be wrong by the rows that stay
  await shop.monolith.query('ANALYZE items');
  const items = { schema: 'public', table: 'items' };
  const expected = await meantRows(shop.monolith, items, { tenant: ['1', '2'] });
  expect(Math.abs(expected - 1500)).toBeLessThan(100);
  const { rows } = await shop.monolith.query<{ id: string }>(
    `SELECT id::text FROM docs WHERE tenant = 'other' ORDER BY docs.id LIMIT 2`,
  );
  const [taken = '', another = ''] = rows.map(({ id }) => id);
  await shop.service.query(`
    INSERT INTO things VALUES (3, 5000, 'of another', NULL);
    UPDATE things SET tenant = 0 WHERE tenant = 1 AND id = 1;
    UPDATE papers SET kind = 'plan' WHERE id = 9 OR id = (SELECT min(id) FROM papers WHERE kind = 'note');
    INSERT INTO papers VALUES (${taken}, 'note', 'the key of another')`);
  await until('four changes wait', async () => (await letters(shop.monolith)).length === 4);
  const waiting = await letters(shop.monolith);
  expect(waiting.map((line) => line.replace(/.* /, ''))).toEqual(Array(4).fill('ROW_OUTSIDE'));
  expect(waiting.join()).toContain(`{"id":"${taken}"}`);
  // gone again at the service, where nothing waits or where somebody dropped what did: the row that has the key stays
  const dropped = (await listDeadLetters(shop.monolith, { context: 'goods' })).find(
    ({ table, key }) => table === 'public.docs' && key.id === taken,
  );
  await dropDeadLetter({
    client: shop.monolith,
    context: 'goods',
    direction: 'reverse',
    id: dropped?.id ?? '',
  });
  await shop.service.query(`UPDATE papers SET id = 7000000 WHERE id = ${taken}`);
  for (const [table, values, which] of [
    ['papers', `(${another}, 'note', NULL)`, `id = ${another}`],
    ['things', "(3, 7, 'note', NULL)", 'tenant = 3 AND id = 7'],
  ])
    await shop.service.query(
      `BEGIN; INSERT INTO ${table} VALUES ${values}; DELETE FROM ${table} WHERE ${which}; COMMIT`,
    );
  await caughtUp(shop, 'reverse');
  expect(await keptRows(shop)).toEqual(kept);
  const { tables } = await verified(shop, 'reverse');
  expect(tables.map(({ differing }) => differing.length)).toEqual([3, 1]);
});

test('what a change does not tell waits by name; a table whose changes never tell stops the worker', async () => {
  await using shop = await openByCondition();
  await using worker = startWorker(shop);
  await caughtUp(shop, 'forward');
  // one of the two rows has a large value, which the change leaves out
  await shop.monolith.query('UPDATE items SET tenant = 1 WHERE id IN (1, 4, 100)');
  await until('it waits', async () => (await letters(shop.service)).length > 0);
  expect(await letters(shop.service)).toEqual(['{"id":"100","tenant":"1"} APPLY_FAILED']);
  await shop.monolith.query(
    `ALTER TABLE docs REPLICA IDENTITY DEFAULT; UPDATE docs SET closed_by = 1 WHERE id = 15`,
  );
  expect(await worker.ended).toBe('SCHEMA_CHANGED');
  expect(await worker.told).toMatch(
    /tables\[1\]\.where: changes of public\.docs .* needs REPLICA IDENTITY FULL/,
  );
  await shop.monolith.query('ALTER TABLE docs REPLICA IDENTITY FULL');
  await using _again = startWorker(shop);
  await caughtUp(shop, 'forward');
  expect(await letters(shop.service)).toEqual([
    '{"id":"100","tenant":"1"} APPLY_FAILED',
    '{"id":"15"} REPLICA_IDENTITY',
  ]);
});

test('a condition that changes brings and takes rows while the monolith owns them, and stops the worker after that', async () => {
  await using shop = await openByCondition();
  const [items, ...others] = shop.definition.tables ?? [];
  if (items === undefined) throw new Error('a table');
  const widened = {
    ...shop,
    definition: {
      ...shop.definition,
      tables: [{ ...items, where: { tenant: ['0', '1'] } }, ...others],
    },
  };
  const tenants = async (): Promise<string> =>
    (
      await shop.service.query<{ tenant: string }>('SELECT DISTINCT tenant FROM things ORDER BY 1')
    ).rows
      .map(({ tenant }) => tenant)
      .join();
  {
    await using _worker = startWorker(shop);
    await caughtUp(shop, 'forward');
    expect(await tenants()).toBe('1,2');
  }
  {
    await using _worker = startWorker(widened);
    await until('the other rows', async () => (await tenants()) === '0,1');
    await caughtUp(shop, 'forward');
    await giveToService(widened);
  }
  const before = await keptRows(shop);
  await using worker = startWorker({ ...shop, reread: true });
  expect(await worker.ended).toBe('IDENTITY_CHANGED');
  expect(await worker.told).toMatch(/is for other rows than it was/);
  expect(await keptRows(shop)).toEqual(before);
});
