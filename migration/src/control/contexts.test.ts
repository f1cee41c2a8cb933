import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import { type Control, openControl } from './open-control.ts';

let database: TestDatabase;
let control: Control;
let round = 0;
/** One for each test, and one beside it that nothing may touch. */
let [context, other] = ['', ''];
beforeAll(async () => {
  database = await createTestDatabase('control_contexts');
  control = await openControl(database.url);
});
beforeEach(async () => {
  round += 1;
  [context, other] = [`context-${round}`, `other-${round}`];
  for (const each of [context, other]) await control.contexts.register(each, 'replicated');
});
afterAll(async () => {
  await control?.close();
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
  ) =>
    control.contexts.restore({
      context,
      owner: 'service',
      epoch,
      stage: 'service',
      startLsn: '0/5',
      numbersFrom: '5000',
      leaseToken: lease.token,
      journal,
    });
  await control.contexts.setHold(context, '00000000-0000-0000-0000-000000000001', 60_000);
  expect(await restore(4)).toMatchObject({ owner: 'service', epoch: 4, stage: 'service' });
  expect(await control.contexts.get(context)).toMatchObject({ holdId: null, startLsn: '0/5' });
  const [line] = await control.journal.list({ context });
  expect(line?.id).toBeGreaterThan(5000);
  await expect(restore(3)).rejects.toMatchObject({ code: 'MOVE_NOT_ALLOWED' });
  expect(await control.contexts.get(context)).toMatchObject({ epoch: 4 });
  expect(await control.contexts.get(other)).toMatchObject(begun);
  await expect(restore(6, [done, { ...done, moveId: 'no uuid' }])).rejects.toMatchObject({
    code: '22P02',
  });
  expect(await journaled()).toEqual(['flip']);
  await lease.release();
  await expect(restore(9)).rejects.toMatchObject({ code: 'LEASE_LOST' });
  expect(await control.contexts.get(context)).toMatchObject({ epoch: 4 });
});
