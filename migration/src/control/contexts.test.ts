import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, until } from '@strangler-toolkit/dev-stack';
import { openPool } from './control-database.ts';
import { type Control, openControl } from './open-control.ts';

let database: TestDatabase;
let control: Control;
/** Statements of the test's own. */
let raw: ReturnType<typeof openPool>;
let round = 0;
/** One for each test, and one beside it that nothing may touch. */
let [context, other] = ['', ''];
beforeAll(async () => {
  database = await createTestDatabase('control_contexts');
  control = await openControl(database.url);
  raw = openPool(database.url, 'test');
});
beforeEach(async () => {
  round += 1;
  [context, other] = [`context-${round}`, `other-${round}`];
  for (const each of [context, other]) await control.contexts.register(each, 'replicated');
});
afterAll(async () => {
  await control?.close();
  await raw?.db.destroy();
  await database?.drop();
});
const begun = { stage: 'monolith', owner: 'monolith', epoch: 1 };
const done = { actor: 'test', step: 'flip', status: 'done' } as const;
const journaled = async () => (await control.journal.list({ context })).map(({ step }) => step);

test('of a flip that cannot be journaled to its end nothing stands, in no table', async () => {
  const journal = [done, { ...done, step: 'after', moveId: 'no uuid' }];
  const flip = {
    context,
    expectedEpoch: 1,
    owner: 'service',
    stage: 'service',
    startLsn: '0/1',
  } as const;
  await expect(control.flip({ ...flip, journal })).rejects.toMatchObject({ code: '22P02' });
  expect(await control.contexts.get(context)).toMatchObject(begun);
  expect(await journaled()).toEqual([]);
  await control.flip({ ...flip, journal: [done] });
  expect(await control.contexts.get(context)).toMatchObject({ owner: 'service', epoch: 2 });
  expect(await control.journal.list({ context })).toMatchObject([{ step: 'flip', epoch: 2 }]);
  await control.flip({
    ...flip,
    expectedEpoch: 2,
    owner: 'monolith',
    startLsn: '0/2',
    journal: [{ ...done, step: 'back' }],
  });
  expect(await control.contexts.get(context)).toMatchObject({ epoch: 3, startLsn: '0/2' });
  expect(await control.journal.list({ context, limit: 1 })).toMatchObject([{ step: 'back' }]);
  expect(await control.contexts.get(other)).toMatchObject(begun);
});

test('a stage moves only in the epoch that was seen, with its journal or not at all', async () => {
  const change = { context, expectedStage: 'monolith', stage: 'replicating' } as const;
  for (const expectedEpoch of [0, 2])
    await expect(control.contexts.setStage({ ...change, expectedEpoch })).rejects.toMatchObject({
      code: 'MOVE_NOT_ALLOWED',
    });
  const journal = [done, { ...done, moveId: 'no uuid' }];
  await expect(control.contexts.setStage({ ...change, journal })).rejects.toMatchObject({
    code: '22P02',
  });
  expect(await control.contexts.get(context)).toMatchObject(begun);
  expect(await journaled()).toEqual([]);
  await control.contexts.setStage({ ...change, expectedEpoch: 1, journal: [done] });
  expect(await control.contexts.get(context)).toMatchObject({ ...begun, stage: 'replicating' });
  expect(await journaled()).toEqual(['flip']);
  expect(await control.contexts.get(other)).toMatchObject(begun);
});

test('what is known better elsewhere is taken over, never an older epoch, and ends a hold', async () => {
  const lease = await control.leases.acquire({ context, holder: 'test', move: 'restore' });
  const restore = (
    epoch: number,
    journal: readonly (typeof done & { moveId?: string })[] = [done],
    startLsn: string | null = '0/5',
  ) =>
    control.contexts.restore({
      context,
      owner: 'service',
      epoch,
      stage: 'service',
      startLsn,
      numbersFrom: '5000',
      leaseToken: lease.token,
      journal,
    });
  await control.contexts.setHold(context, '00000000-0000-0000-0000-000000000001', 60_000);
  expect(await restore(4)).toMatchObject({ owner: 'service', epoch: 4, stage: 'service' });
  expect(await control.contexts.get(context)).toMatchObject({ holdId: null, startLsn: '0/5' });
  const [line] = await control.journal.list({ context });
  expect(line?.id).toBeGreaterThan(5000);
  expect(await restore(5, [], '0/6')).toMatchObject({ epoch: 5, startLsn: '0/6' });
  expect(await restore(5, [], null)).toMatchObject({ epoch: 5, startLsn: '0/6' });
  await expect(restore(3)).rejects.toMatchObject({ code: 'MOVE_NOT_ALLOWED' });
  expect(await control.contexts.get(context)).toMatchObject({ epoch: 5 });
  expect(await control.contexts.get(other)).toMatchObject(begun);
  await expect(restore(6, [done, { ...done, moveId: 'no uuid' }])).rejects.toMatchObject({
    code: '22P02',
  });
  expect(await journaled()).toEqual(['flip']);
  await lease.release();
  await expect(restore(9)).rejects.toMatchObject({ code: 'LEASE_LOST' });
  expect(await control.contexts.get(context)).toMatchObject({ epoch: 5 });
});

const waiting = async (): Promise<number> =>
  (
    await raw.pool.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
  ).rows.length;

test('while a flip is under way nobody else gets the lease that it proved', async () => {
  const lease = await control.leases.acquire({ context, holder: 'test', move: 'cutover' });
  const holder = await raw.pool.connect();
  await holder.query(
    `BEGIN; SELECT FROM strangler_control.contexts WHERE context = '${context}' FOR UPDATE`,
  );
  const order: string[] = [];
  const flip = { context, expectedEpoch: 1, owner: 'service', stage: 'service' } as const;
  const flipping = control
    .flip({ ...flip, startLsn: '0/1', leaseToken: lease.token })
    .then(() => order.push('flipped'));
  await until('the flip waits for its row', async () => (await waiting()) > 0);
  const releasing = lease.release().then(() => order.push('free'));
  await until('who gives it away waits too', async () => order.length > 0 || (await waiting()) > 1);
  const meanwhile = [...order];
  await holder.query('COMMIT');
  holder.release();
  await Promise.all([flipping, releasing]);
  expect(meanwhile).toEqual([]);
  // which of the two answers is read first says nothing
  expect(order.toSorted()).toEqual(['flipped', 'free']);
});

test('what kind of data a context has follows its file only until replication begins', async () => {
  expect(await control.contexts.register(context, 'none')).toMatchObject({ dataKind: 'none' });
  await control.contexts.register(context, 'replicated');
  const change = { context, expectedStage: 'monolith', stage: 'replicating' } as const;
  await control.contexts.setStage(change);
  expect(await control.contexts.register(context, 'none')).toMatchObject({
    dataKind: 'replicated',
    stage: 'replicating',
  });
  expect(await control.contexts.get(other)).toMatchObject({ dataKind: 'replicated' });
});
