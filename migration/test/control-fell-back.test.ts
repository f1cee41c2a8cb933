import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { withConnection } from '../src/database/connect.ts';
import {
  abandon,
  cutover,
  recoverMove,
  removeFence,
  retire,
  rollback,
} from '../src/cutover/index.ts';
import { openToolkit, type Toolkit } from '../src/open-toolkit.ts';
import { definition } from './cutover-context.ts';
import { consistentState, oneOwner, openScene, type Scene, settled } from './cutover-scene.ts';

let scene: Scene;
let toolkit: Toolkit;
let dir: string;
beforeEach(async () => {
  scene = await openScene('fell_back');
  dir = await mkdtemp(join(tmpdir(), 'strangler-fell-back-'));
  const side = (name: 'monolith' | 'service', env: string): object => ({
    [name]: { ...definition[name], database: { env } },
  });
  await writeFile(
    join(dir, 'shop.json'),
    JSON.stringify({ ...definition, ...side('monolith', 'M'), ...side('service', 'S') }),
  );
  toolkit = openToolkit({
    contextsDir: dir,
    controlUrl: scene.databases.control.url,
    env: { M: scene.databases.monolith.url, S: scene.databases.service.url },
  });
});
afterEach(async () => {
  await toolkit?.close();
  await scene?.close();
  await rm(dir, { recursive: true, force: true });
});

/** The control database as a backup has it that was made when the journal had no flip of this epoch yet. */
const goBackBeforeFlip = (epoch: number): Promise<void> =>
  withConnection(scene.control.url, { applicationName: 'restore' }, async (client) => {
    await client.query(`
      BEGIN;
      SET LOCAL session_replication_role = replica;
      DELETE FROM strangler_control.journal
       WHERE id >= (SELECT min(id) FROM strangler_control.journal WHERE step = 'flip' AND epoch = ${epoch});
      UPDATE strangler_control.contexts
         SET owner = CASE owner WHEN 'service' THEN 'monolith' ELSE 'service' END, epoch = ${epoch - 1},
             stage = CASE owner WHEN 'service' THEN 'canary' ELSE 'service' END, start_lsn = NULL;
      DELETE FROM strangler_control.leases;
      SELECT setval(pg_get_serial_sequence('strangler_control.journal', 'id'),
                    (SELECT max(id) FROM strangler_control.journal) + 32);
      COMMIT;
      NOTIFY strangler_contexts`);
  });

const code = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (result) => {
      const error =
        typeof result === 'object' && result !== null && 'error' in result ? result.error : null;
      return typeof error === 'object' && error !== null && 'code' in error ? error.code : 'none';
    },
    (error: unknown) =>
      typeof error === 'object' && error !== null && 'code' in error ? error.code : String(error),
  );

/** A slot that looks left over by the wrong owner is the way back. */
const judgedByOwner = async (): Promise<string[]> =>
  (await toolkit.doctor('shop')).checks
    .map(({ check }) => check)
    .filter((check) => /slot strangler|publication|fence|^identity/.test(check));

const ownerCheck = async (): Promise<unknown> =>
  (await toolkit.doctor('shop')).checks.find(({ check }) => check === 'owner and epoch');

describe('a control database that went back to just before the flip of a cutover', () => {
  beforeEach(async () => {
    expect(await cutover({ ...scene.options, noFacade: true })).toMatchObject({ outcome: 'done' });
    await settled(scene);
    await scene.sql.service.query(`BEGIN; INSERT INTO items (item_id, sku) VALUES (9001, 'late');
      INSERT INTO item_counts VALUES (9001, 1); COMMIT`);
    expect(await consistentState(scene)).toEqual(oneOwner('service'));
    await goBackBeforeFlip(2);
  });

  test('no command and no recovery opens the monolith or empties the service', async () => {
    const options = { ...scene.options, noFacade: true };
    await until('the worker refuses', async () =>
      scene.log.some((line) => line.includes('CONTROL_FELL_BACK')),
    );
    expect(await code(recoverMove(options))).toBe('CONTROL_FELL_BACK');
    expect(await code(cutover(options))).toBe('CONTROL_FELL_BACK');
    expect(await code(cutover({ ...options, dryRun: true }))).toBe('CONTROL_FELL_BACK');
    expect(await code(rollback(options))).toBe('CONTROL_FELL_BACK');
    expect(await code(retire(options))).toBe('CONTROL_FELL_BACK');
    expect(await code(abandon(options))).toBe('CONTROL_FELL_BACK');
    await scene.stopWorker();
    await scene.control.watermarks.remove('shop', 'forward');
    expect(await code(toolkit.replicate({ context: 'shop', restart: true }))).toBe(
      'CONTROL_FELL_BACK',
    );
    expect(await scene.writable()).toEqual(['service']);
    expect((await scene.sql.service.query(`SELECT FROM items WHERE sku = 'late'`)).rowCount).toBe(
      1,
    );
  });

  test('a side that cannot be asked refuses for itself', async () => {
    await scene.stopWorker();
    const note = { context: 'shop', owner: 'monolith', epoch: 1, startLsn: null } as const;
    expect(await code(removeFence(scene.sql.monolith, 'shop', { note }))).toBe('CONTROL_FELL_BACK');
    const nowhere = 'postgres://postgres@127.0.0.1:1/nowhere';
    expect(await code(recoverMove({ ...scene.options, serviceUrl: nowhere }))).toBe(
      'CONTROL_FELL_BACK',
    );
    expect(await scene.writable()).toEqual(['service']);
  });

  test('is told by doctor, and brought back from the sides; everything goes on', async () => {
    expect(await ownerCheck()).toMatchObject({
      ok: false,
      actual: expect.stringContaining('CONTROL_FELL_BACK'),
      remedy: expect.stringContaining('strangler control restore shop --from-sides'),
    });
    expect(await judgedByOwner()).toEqual([]);
    // status tells what the control database says, and that nothing works by it
    const [{ epoch, owner, worker } = {}] = await toolkit.status('shop');
    expect([epoch, owner, worker?.detail.code]).toEqual([1, 'monolith', 'CONTROL_FELL_BACK']);
    const dry = await toolkit.controlRestore.dryRun({ context: 'shop' });
    expect(JSON.stringify(dry.actions)).toContain('service, epoch 2');
    expect(await scene.owner()).toBe('monolith');

    expect(await toolkit.controlRestore({ context: 'shop' })).toMatchObject({
      before: { owner: 'monolith', epoch: 1 },
      restored: { owner: 'service', epoch: 2, stage: 'service' },
    });
    expect(await scene.control.moves.unfinished('shop')).toEqual([]);
    expect(await toolkit.controlRestore({ context: 'shop' })).toMatchObject({ restored: null });
    expect(await ownerCheck()).toMatchObject({ ok: true });
    expect(await judgedByOwner()).toContain('monolith fence');
    await scene.stopWorker();
    await scene.startWorker();
    await scene.sql.service.query(`UPDATE item_counts SET n = n + 1 WHERE item_id = 9001`);
    expect(await consistentState(scene)).toEqual(oneOwner('service'));
    expect(await rollback({ ...scene.options, noFacade: true })).toMatchObject({ outcome: 'done' });
    expect(await consistentState(scene)).toEqual(oneOwner('monolith'));
  });
});

test('a control database that went back behind a rollback does not open the service again', async () => {
  const options = { ...scene.options, noFacade: true };
  expect(await cutover(options)).toMatchObject({ outcome: 'done' });
  await settled(scene);
  expect(await rollback(options)).toMatchObject({ outcome: 'done' });
  await settled(scene);
  await goBackBeforeFlip(3);
  expect(await code(rollback(options))).toBe('CONTROL_FELL_BACK');
  expect(await scene.writable()).toEqual(['monolith']);
  expect(await toolkit.controlRestore({ context: 'shop' })).toMatchObject({
    restored: { owner: 'monolith', epoch: 3, stage: 'canary' },
  });
  await scene.stopWorker();
  await scene.startWorker();
  expect(await consistentState(scene)).toEqual(oneOwner('monolith'));
});

test('a service that went back behind a cutover stops the worker, and is named', async () => {
  expect(await cutover({ ...scene.options, noFacade: true })).toMatchObject({ outcome: 'done' });
  await settled(scene);
  await scene.stopWorker();
  await scene.sql.service.query(`UPDATE strangler.owners SET owner = 'monolith', epoch = 1`);
  await expect(scene.startWorker()).rejects.toThrow('SIDE_FELL_BACK');
  expect(await ownerCheck()).toMatchObject({
    ok: false,
    actual: expect.stringContaining(
      "SIDE_FELL_BACK: the service's database says monolith, epoch 1",
    ),
  });
  expect(await code(rollback({ ...scene.options, noFacade: true }))).toBe('SIDE_FELL_BACK');
});

test('a stream back whose service was set back begins anew on request, and empties nothing', async () => {
  expect(await cutover({ ...scene.options, noFacade: true })).toMatchObject({ outcome: 'done' });
  await settled(scene);
  await scene.stopWorker();
  // what a restored service lacks: the marks of the worker, and a row that the monolith has
  await scene.sql.service
    .query(`DELETE FROM strangler.marks; DELETE FROM item_counts WHERE item_id = 7;
    DELETE FROM items WHERE item_id = 7`);
  await expect(scene.startWorker()).rejects.toThrow('HISTORY_CHANGED');
  await scene.control.watermarks.remove('shop', 'reverse');
  expect(
    (await toolkit.replicate.dryRun({ context: 'shop', restart: true })).actions[0]?.action,
  ).toContain('no row of either side goes');
  expect(
    await toolkit.replicate({ context: 'shop', restart: true, untilCaughtUp: true }),
  ).toMatchObject({ direction: 'reverse', caughtUp: true });
  await scene.startWorker();
  await scene.sql.service.query(`UPDATE item_counts SET n = 77 WHERE item_id = 8`);
  await until(
    'the change arrives',
    async () =>
      (await scene.sql.monolith.query('SELECT FROM products WHERE id = 8 AND n = 77')).rowCount ===
      1,
  );
  // both parts of the row that the service lost, and nothing else
  const { tables } = await toolkit.verify({ context: 'shop' });
  const keys = tables.flatMap(({ differing }) => differing.map(({ key }) => JSON.stringify(key)));
  expect(keys).toHaveLength(2);
  for (const key of keys) expect(key).toMatch(/\b7\b/);
  await toolkit.verify({ context: 'shop', repair: true, keys: ['products:7'] });
  expect(await consistentState(scene)).toEqual(oneOwner('service'));
});

test('a control database that was made anew learns from the sides who owns', async () => {
  expect(await cutover({ ...scene.options, noFacade: true })).toMatchObject({ outcome: 'done' });
  await settled(scene);
  await scene.stopWorker();
  await withConnection(scene.control.url, { applicationName: 'restore' }, (client) =>
    client.query(`BEGIN; SET LOCAL session_replication_role = replica;
      DELETE FROM strangler_control.contexts; DELETE FROM strangler_control.journal;
      DELETE FROM strangler_control.leases; DELETE FROM strangler_control.watermarks;
      SELECT setval(pg_get_serial_sequence('strangler_control.journal', 'id'), 1); COMMIT`),
  );
  expect(await code(toolkit.replicate({ context: 'shop', force: true, reason: 'test' }))).toBe(
    'CONTROL_FELL_BACK',
  );
  expect(await scene.writable()).toEqual(['service']);
  expect(await toolkit.controlRestore({ context: 'shop' })).toMatchObject({
    restored: { owner: 'service', epoch: 2, stage: 'service' },
  });
  await scene.startWorker();
  expect(await consistentState(scene)).toEqual(oneOwner('service'));
  expect(await rollback({ ...scene.options, noFacade: true })).toMatchObject({ outcome: 'done' });
});
