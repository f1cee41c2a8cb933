import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { bothSides } from '@strangler-toolkit/plan';
import {
  abandon,
  cutover,
  contextTables,
  fenceStatus,
  retire,
  rollback,
} from '../src/cutover/index.ts';
import { definition } from './cutover-context.ts';
import {
  consistentState,
  oneOwner,
  openScene,
  type Scene,
  settled,
  toCanary,
} from './cutover-scene.ts';

const nowhere = 'postgres://postgres@127.0.0.1:1/nowhere';
let scene: Scene;
beforeAll(async () => {
  scene = await openScene('teardown', { stage: 'replicating' });
});
afterAll(async () => {
  await scene?.close();
});
const tables = contextTables(definition);
const leftovers = async (): Promise<{ slots: number; publications: string[] }> => {
  const names = [scene.databases.monolith.name, scene.databases.service.name];
  const slots = await scene.sql.monolith.query(
    'SELECT FROM pg_replication_slots WHERE database = ANY($1)',
    [names],
  );
  const publications: string[] = [];
  for (const side of bothSides)
    publications.push(
      ...(
        await scene.sql[side].query<{ name: string }>('SELECT pubname AS name FROM pg_publication')
      ).rows.map((row) => row.name),
    );
  return { slots: slots.rowCount ?? 0, publications };
};
const triggers = async (side: 'monolith' | 'service'): Promise<number> =>
  (await scene.sql[side].query(`SELECT FROM pg_trigger WHERE tgname LIKE 'strangler%'`)).rowCount ??
  0;
const waiting = (): Promise<unknown> =>
  until('the worker waits', async () =>
    scene.log.slice(-5).some((line) => line.includes('"waiting"')),
  );

test('abandoning a replication leaves both databases as if it had never begun, but for the copied rows', async () => {
  expect(await scene.writable()).toEqual(['monolith']);
  const planned = await abandon({ ...scene.options, dryRun: true });
  expect(planned).toMatchObject({ outcome: 'planned' });
  expect((await leftovers()).slots).toBe(1);
  expect(await retire(scene.options)).toMatchObject({
    outcome: 'refused',
    error: { code: 'MOVE_NOT_ALLOWED' },
  });

  await scene.sql.service.query(
    `INSERT INTO strangler.dead_letters (context, direction, table_name, key, event, error_code, error)
     VALUES ('shop', 'reverse', 'public.items', '{}', '{}', '23514', 'refused')`,
  );
  expect(await abandon(scene.options)).toMatchObject({
    outcome: 'done',
    steps: planned.steps.map((step) => ({ step: step.step, status: 'done' })),
  });
  expect(await scene.control.contexts.require('shop')).toMatchObject({
    stage: 'monolith',
    owner: 'monolith',
    epoch: 1,
  });
  expect(await leftovers()).toEqual({ slots: 0, publications: [] });
  expect([await triggers('service'), await triggers('monolith')]).toEqual([0, 0]);
  expect(await scene.writable()).toEqual(['monolith', 'service']);
  for (const table of ['streams', 'identities', 'dead_letters'])
    expect([
      table,
      (await scene.sql.service.query(`SELECT FROM strangler.${table}`)).rowCount,
    ]).toEqual([table, 0]);
  expect((await scene.sql.service.query('SELECT FROM items')).rowCount).toBe(200);
  expect(await scene.control.watermarks.get('shop', 'forward')).toBeUndefined();
  await waiting();
  // Again: nothing to do, and no error.
  expect(await abandon(scene.options)).toMatchObject({ outcome: 'done' });
});

test('an abandoned replication begins anew with the same worker, and from there all the way to the service', async () => {
  await scene.sql.service.query('TRUNCATE items, item_counts, labels');
  await scene.sql.monolith.query(`UPDATE products SET n = n + 1 WHERE sku = 'seed-7'`);
  await scene.control.contexts.setStage({
    context: 'shop',
    expectedStage: 'monolith',
    stage: 'replicating',
  });
  await settled(scene);
  await toCanary(scene);
  expect(await abandon(scene.options)).toMatchObject({
    outcome: 'refused',
    error: { code: 'MOVE_NOT_ALLOWED' },
  });
  expect((await cutover({ ...scene.options, noFacade: true })).error?.message).toBeUndefined();
  expect(await consistentState(scene)).toEqual(oneOwner('service'));
});

test('a retirement that breaks off is completed by running it again; the stale side stays fenced for good', async () => {
  // The worker has followed to the reverse direction; otherwise there would be no stream to close.
  await settled(scene);
  const before = await scene.control.journal.list({ context: 'shop', limit: 5 });
  expect(await retire({ ...scene.options, dryRun: true })).toMatchObject({ outcome: 'planned' });
  expect(await scene.control.journal.list({ context: 'shop', limit: 5 })).toEqual(before);

  expect(await retire({ ...scene.options, serviceUrl: nowhere })).toMatchObject({
    outcome: 'unfinished',
    error: { code: 'DB_UNREACHABLE' },
  });
  expect((await scene.control.contexts.require('shop')).stage).toBe('retired');
  expect(await scene.writable()).toEqual(['service']);

  expect(await retire(scene.options)).toMatchObject({ outcome: 'done' });
  expect(await scene.control.contexts.require('shop')).toMatchObject({
    stage: 'retired',
    owner: 'service',
    epoch: 2,
  });
  expect((await leftovers()).slots).toBe(0);
  expect(await scene.writable()).toEqual(['service']);
  expect((await fenceStatus(scene.sql.monolith, 'shop', tables.monolith)).mode).toBe('refuse');
  expect(await triggers('service')).toBe(0);
  expect(
    (
      await scene.sql.monolith.query<{ state: string }>(
        `SELECT state FROM strangler.streams WHERE direction = 'reverse'`,
      )
    ).rows,
  ).toEqual([{ state: 'closed' }]);
  await expect(
    scene.sql.monolith.query(`UPDATE products SET n = 0 WHERE id = 1`),
  ).rejects.toMatchObject({ code: 'SF001' });
  await waiting();
  expect(await retire(scene.options)).toMatchObject({ outcome: 'done' });
});

test('there is no way back from retirement', async () => {
  expect(await rollback({ ...scene.options, noFacade: true })).toMatchObject({
    outcome: 'refused',
    error: { code: 'MOVE_NOT_ALLOWED' },
  });
  expect(await scene.writable()).toEqual(['service']);
});
