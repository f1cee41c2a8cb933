import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase, until } from '@strangler-toolkit/dev-stack';
import { quantile, registerInstanceStatement } from '@strangler-toolkit/plan';
import { openPool } from './control-database.ts';
import { LEASE_TTL_MS } from './leases.ts';
import { type Control, openControl } from './open-control.ts';
import { sql } from './sql.ts';

let database: TestDatabase;
let control: Control;
/** Statements of the test's own. */
let raw: ReturnType<typeof openPool>;
beforeAll(async () => {
  database = await createTestDatabase('control');
  // Many first starts at once: one makes the schema, the others find it.
  const all = await Promise.all(Array.from({ length: 6 }, () => openControl(database.url)));
  control = all[0]!;
  await Promise.all(all.slice(1).map((other) => other.close()));
  raw = openPool(database.url, 'test');
});
afterAll(async () => {
  await control.close();
  await raw.db.destroy();
  await database.drop();
});

const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: { code?: string; message?: string }) => error.code ?? error.message ?? 'an error',
  );
describe('opening', () => {
  test('a schema of a newer release is refused', async () => {
    const other = await createTestDatabase('control_newer');
    const first = await openControl(other.url);
    await first.close();
    const { db } = openPool(other.url, 'test');
    await sql`INSERT INTO strangler_control.kysely_migration (name, timestamp) VALUES ('0099-future', '2030')`.execute(
      db,
    );
    await db.destroy();
    expect(await code(openControl(other.url))).toBe('CONTROL_SCHEMA_NEWER');
    await other.drop();
  });

  test('a server that is not there, and a wrong password, have codes of their own', async () => {
    expect(await code(openControl('postgresql://postgres:postgres@127.0.0.1:1/nowhere'))).toBe(
      'DB_UNREACHABLE',
    );
    const wrong = new URL(database.url);
    wrong.pathname = '/does_not_exist';
    expect(await code(openControl(wrong.href))).toBe('DB_UNREACHABLE');
    expect(await code(openControl('not a url'))).toBe('DB_UNREACHABLE');
  });
});

describe('contexts', () => {
  test('flip changes owner, stage, epoch and start position once, with its journal rows', async () => {
    await control.contexts.register('flip', 'replicated');
    const flipped = await control.flip({
      context: 'flip',
      expectedEpoch: 1,
      owner: 'service',
      stage: 'service',
      startLsn: '0/16B3748',
      journal: [{ actor: 'test', step: 'flip', status: 'done' }],
    });
    expect(flipped).toMatchObject({
      owner: 'service',
      stage: 'service',
      epoch: 2,
      startLsn: '0/16B3748',
    });
    expect(
      await code(
        control.flip({
          context: 'flip',
          expectedEpoch: 1,
          owner: 'monolith',
          stage: 'canary',
          startLsn: '0/1',
        }),
      ),
    ).toBe('LEASE_LOST');
    expect(await control.journal.list({ context: 'flip' })).toMatchObject([
      { step: 'flip', epoch: 2, status: 'done' },
    ]);
    expect(await control.contexts.get('flip')).toMatchObject({ owner: 'service', epoch: 2 });
  });

  test('a flip with a lost lease changes nothing', async () => {
    await control.contexts.register('flip-lease', 'replicated');
    expect(
      await code(
        control.flip({
          context: 'flip-lease',
          expectedEpoch: 1,
          owner: 'service',
          stage: 'service',
          startLsn: '0/1',
          leaseToken: randomUUID(),
        }),
      ),
    ).toBe('LEASE_LOST');
    expect(await control.contexts.get('flip-lease')).toMatchObject({ owner: 'monolith', epoch: 1 });
  });

  test('the stage of a replicated context moves without touching its owner, and only from the stage that was seen', async () => {
    await control.contexts.register('stage', 'replicated');
    expect(
      await control.contexts.setStage({
        context: 'stage',
        expectedStage: 'monolith',
        stage: 'replicating',
      }),
    ).toMatchObject({ stage: 'replicating', epoch: 1 });
    expect(
      await code(
        control.contexts.setStage({
          context: 'stage',
          expectedStage: 'monolith',
          stage: 'replicating',
        }),
      ),
    ).toBe('MOVE_NOT_ALLOWED');
    expect(
      await code(
        control.contexts.setStage({
          context: 'stage',
          expectedStage: 'replicating',
          stage: 'service',
          owner: 'service',
        }),
      ),
    ).toBe('MOVE_NOT_ALLOWED');
    await control.contexts.register('stateless', 'none');
    expect(
      await control.contexts.setStage({
        context: 'stateless',
        expectedStage: 'monolith',
        stage: 'service',
        owner: 'service',
      }),
    ).toMatchObject({ owner: 'service', epoch: 2 });
  });

  test('a hold is lifted only by its own id, and of its own context', async () => {
    for (const context of ['hold', 'hold-too'])
      await control.contexts.register(context, 'replicated');
    const [id, other] = [randomUUID(), randomUUID()];
    await control.setHold('hold', id, 60_000);
    await control.setHold('hold-too', other, 60_000);
    await control.liftHold('hold', other);
    expect(await control.contexts.get('hold')).toMatchObject({ holdId: id, held: true });
    await control.liftHold('hold', id);
    expect(await control.contexts.get('hold')).toMatchObject({ holdId: null, held: false });
    expect(await control.contexts.get('hold-too')).toMatchObject({ holdId: other, held: true });
    await control.liftHold('hold-too');
    expect(await control.contexts.get('hold-too')).toMatchObject({ holdId: null, held: false });
  });

  test('a hold runs out by the clock of the database', async () => {
    await control.contexts.register('short-hold', 'replicated');
    const id = randomUUID();
    await control.setHold('short-hold', id, 60_000);
    const { holdUntil } = await control.contexts.require('short-hold');
    expect(Date.parse(holdUntil ?? '') - Date.parse(await control.now())).toBeGreaterThan(55_000);
    await control.setHold('short-hold', id, 1);
    await until('it runs out', async () => !(await control.contexts.require('short-hold')).held);
    // Nobody lifted it: it is over because of its time alone.
    expect(await control.contexts.get('short-hold')).toMatchObject({ holdId: id, held: false });
  });

  test('the journal cannot be changed', async () => {
    await control.journal.append({
      context: 'journal',
      actor: 'test',
      step: 'one',
      status: 'noted',
    });
    await expect(
      sql`UPDATE strangler_control.journal SET step = 'other'`.execute(raw.db),
    ).rejects.toMatchObject({ code: 'SF003' });
    await expect(sql`DELETE FROM strangler_control.journal`.execute(raw.db)).rejects.toMatchObject({
      code: 'SF003',
    });
  });

  test('a change of a context is announced', async () => {
    const heard: string[] = [];
    const stop = await control.listen('strangler_contexts', (payload) => heard.push(payload));
    await control.contexts.register('announced', 'none');
    await until('the announcement', () => heard.includes('announced'));
    await stop();
  });

  test('a listener comes back after its connection was cut, and says that something may have been missed', async () => {
    const heard: string[] = [];
    const stop = await control.listen('strangler_contexts', (payload) => heard.push(payload));
    await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'strangler-listen' AND datname = current_database()`.execute(
      raw.db,
    );
    await until('the word after the cut', () => heard.includes(''));
    await control.contexts.register('after-cut', 'none');
    await until('what is said after the cut', () => heard.includes('after-cut'));
    await stop();
  });
});

describe('leases', () => {
  test('one command at a time works on a context', async () => {
    const lease = await control.leases.acquire({
      context: 'lease',
      holder: 'first',
      move: 'cutover',
    });
    expect(
      await code(control.leases.acquire({ context: 'lease', holder: 'second', move: 'rollback' })),
    ).toBe('LEASE_HELD');
    await lease.check();
    await lease.release();
    const next = await control.leases.acquire({
      context: 'lease',
      holder: 'second',
      move: 'rollback',
    });
    await next.release();
  });

  test('a living holder renews its lease past the TTL', async () => {
    const ttlMs = 4000;
    const lease = await control.leases.acquire({
      context: 'renewed',
      holder: 'first',
      move: 'cutover',
      ttlMs,
    });
    const taken = Date.now();
    // Nobody asks for it meanwhile: it renews itself, and looks at its own deadline when that has passed once.
    await until('it has lived half as long again', () => Date.now() - taken > 1.5 * ttlMs);
    expect((await control.leases.get('renewed'))?.expiresInSeconds).toBeGreaterThan(0);
    expect(lease.signal.aborted).toBe(false);
    expect(
      await code(control.leases.acquire({ context: 'renewed', holder: 'second', move: 'x' })),
    ).toBe('LEASE_HELD');
    await lease.check();
    await lease.release();
  });

  test('who lost the lease learns it before the next step and through the signal', async () => {
    const lease = await control.leases.acquire({
      context: 'lost',
      holder: 'first',
      move: 'cutover',
      ttlMs: 500,
    });
    await sql`UPDATE strangler_control.leases SET expires_at = clock_timestamp() - interval '1 second' WHERE context = 'lost'`.execute(
      raw.db,
    );
    const thief = await control.leases.acquire({
      context: 'lost',
      holder: 'thief',
      move: 'rollback',
    });
    // it asks for nothing meanwhile
    await until('the signal', () => lease.signal.aborted);
    expect(await code(lease.check())).toBe('LEASE_LOST');
    await lease.release();
    await thief.check();
    await thief.release();
  });

  test('who cannot renew it in time, because the database keeps silent, goes on under it no longer', async () => {
    const lease = await control.leases.acquire({
      context: 'silent',
      holder: 'first',
      move: 'cutover',
      ttlMs: 500,
    });
    await raw.db.transaction().execute(async (holder) => {
      await sql`SELECT FROM strangler_control.leases WHERE context = 'silent' FOR UPDATE`.execute(
        holder,
      );
      await until('it is told', () => lease.signal.aborted);
    });
    expect(lease.signal.reason).toMatchObject({
      code: 'LEASE_LOST',
      message: expect.stringContaining('could not be renewed in time'),
    });
    await lease.release();
  });

  test('a lease lives for ten seconds unless told otherwise: after that a dead move is recovered', async () => {
    const lease = await control.leases.acquire({ context: 'ttl', holder: 'first', move: 'x' });
    const { expiresInSeconds = 0 } = (await control.leases.get('ttl')) ?? {};
    expect(expiresInSeconds).toBeGreaterThan(8);
    expect(expiresInSeconds).toBeLessThanOrEqual(10);
    expect(LEASE_TTL_MS).toBe(10_000);
    await lease.release();
  });

  test('a lease that ran out is of no use any more, also when nobody took it', async () => {
    await control.contexts.register('expired', 'replicated');
    const lease = await control.leases.acquire({
      context: 'expired',
      holder: 'sleeper',
      move: 'cutover',
    });
    await sql`UPDATE strangler_control.leases SET expires_at = clock_timestamp() - interval '1 millisecond' WHERE context = 'expired'`.execute(
      raw.db,
    );
    const flip = { expectedEpoch: 1, owner: 'service', stage: 'service', startLsn: '0/1' } as const;
    const proven = { context: 'expired', leaseToken: lease.token };
    const entry = { moveId: randomUUID(), actor: 'test', epoch: 1, detail: {} };
    expect([
      await code(control.flip({ ...flip, ...proven })),
      await code(
        control.contexts.setStage({ ...proven, expectedStage: 'monolith', stage: 'replicating' }),
      ),
      await code(control.moves.begin(lease, { ...entry, step: 'move' })),
      await code(control.moves.holdWrites(lease, randomUUID(), 60_000)),
      await code(lease.check()),
    ]).toEqual(Array.from({ length: 5 }, () => 'LEASE_LOST'));
    expect(lease.signal.aborted).toBe(true);
    expect(await control.contexts.get('expired')).toMatchObject({
      owner: 'monolith',
      stage: 'monolith',
      epoch: 1,
      held: false,
    });
    expect(await control.journal.list({ context: 'expired' })).toEqual([]);
    const { expiresInSeconds = 0 } = (await control.leases.get('expired')) ?? {};
    expect(expiresInSeconds).toBeLessThanOrEqual(0);
    await lease.release();
  });

  test('releasing takes nobody else his lease', async () => {
    const [mine, other] = [
      await control.leases.acquire({ context: 'mine', holder: 'a', move: 'x' }),
      await control.leases.acquire({ context: 'other', holder: 'b', move: 'x' }),
    ];
    await sql`UPDATE strangler_control.leases SET token = ${randomUUID()} WHERE context = 'mine'`.execute(
      raw.db,
    );
    await mine.release();
    expect((await control.leases.list()).map(({ context }) => context)).toEqual(
      expect.arrayContaining(['mine', 'other']),
    );
    await other.release();
    expect(await control.leases.get('other')).toBeUndefined();
    await sql`DELETE FROM strangler_control.leases WHERE context = 'mine'`.execute(raw.db);
  });

  test('of many that ask at once one gets the lease', async () => {
    const tries = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) =>
        control.leases.acquire({ context: 'race', holder: `holder ${index}`, move: 'x' }),
      ),
    );
    const won = tries.filter((result) => result.status === 'fulfilled');
    expect(won).toHaveLength(1);
    await won[0]!.value.release();
  });
});

describe('moves', () => {
  const append = (
    moveId: string,
    step: string,
    status: 'started' | 'done' | 'failed' | 'aborted',
  ) =>
    control.journal.append({
      context: 'moves',
      actor: 'test',
      moveId,
      step,
      status,
      detail: { of: moveId },
    });

  test('a move is unfinished until it is done or undone: an undo that failed does not end it', async () => {
    await control.contexts.register('moves', 'replicated');
    const [done, undone, failed, flipped, begun] = Array.from({ length: 5 }, () => randomUUID());
    for (const moveId of [done!, undone!, failed!, flipped!, begun!])
      await append(moveId, 'move', 'started');
    await append(done!, 'flip', 'done');
    await append(done!, 'move', 'done');
    await append(undone!, 'hold', 'aborted');
    await append(undone!, 'move', 'aborted');
    // Steps that were done or undone are not the move.
    await append(failed!, 'hold', 'aborted');
    await append(failed!, 'hold', 'done');
    await append(failed!, 'move', 'failed');
    await append(flipped!, 'flip', 'done');
    await append(begun!, 'flip', 'started');
    const moves = (list: Awaited<ReturnType<Control['moves']['unfinished']>>) =>
      list.map(({ moveId, flipped: landed, detail, epoch }) => [moveId, landed, detail, epoch]);
    expect(moves(await control.moves.unfinished('moves'))).toEqual([
      [failed, false, { of: failed }, 1],
      [flipped, true, { of: flipped }, 1],
      [begun, false, { of: begun }, 1],
    ]);
    expect(await control.moves.unfinished('others')).toEqual([]);
    const landed = async (...moveIds: (string | undefined)[]) =>
      Promise.all(moveIds.map((id) => control.moves.flipLanded('moves', id!)));
    expect(await landed(done, flipped, failed, begun)).toEqual([true, true, false, false]);
    expect(await control.moves.flipLanded('others', flipped!)).toBe(false);
  });

  test('whether a flip landed waits for one that is being committed', async () => {
    await control.contexts.register('slow-flip', 'replicated');
    const moveId = randomUUID();
    const trx = await raw.pool.connect();
    await trx.query('BEGIN');
    await sql`UPDATE strangler_control.contexts SET epoch = epoch + 1 WHERE context = 'slow-flip'`.execute(
      trx,
    );
    await sql`INSERT INTO strangler_control.journal (context, actor, move_id, step, status, epoch, detail)
      VALUES ('slow-flip', 'test', ${moveId}::uuid, 'flip', 'done', 2, '{}')`.execute(trx);
    const landed = control.moves.flipLanded('slow-flip', moveId);
    await until(
      'it waits for the row',
      async () =>
        (
          await sql`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(
            raw.db,
          )
        ).rows.length > 0,
    );
    await trx.query('COMMIT');
    trx.release();
    expect(await landed).toBe(true);
  });

  test('each beginning gets a higher number than the one before, and a hold is that of its context only', async () => {
    for (const context of ['numbers', 'bystander'])
      await control.contexts.register(context, 'replicated');
    const lease = await control.leases.acquire({ context: 'numbers', holder: 'a', move: 'x' });
    const entry = { actor: 'test', step: 'move', epoch: 1, detail: { a: 1 } } as const;
    const [first, second] = [
      await control.moves.begin(lease, { ...entry, moveId: randomUUID() }),
      await control.moves.begin(lease, { ...entry, moveId: randomUUID() }),
    ];
    expect(BigInt(second.number)).toBeGreaterThan(BigInt(first.number));
    expect(second.control).toBe(first.control);
    const holdId = randomUUID();
    await control.moves.holdWrites(lease, holdId, 60_000);
    expect(await control.contexts.get('numbers')).toMatchObject({ holdId, held: true });
    expect(await control.contexts.get('bystander')).toMatchObject({ holdId: null, held: false });
    await control.liftHold('bystander');
    expect(await control.contexts.get('numbers')).toMatchObject({ held: true });
    // The flip leaves the hold alone unless it is told to end it: the new owner is unfenced first.
    const flip = {
      context: 'numbers',
      owner: 'service',
      stage: 'service',
      startLsn: '0/1',
      leaseToken: lease.token,
    } as const;
    expect(await control.flip({ ...flip, expectedEpoch: 1 })).toMatchObject({
      held: true,
      epoch: 2,
    });
    expect(await control.flip({ ...flip, expectedEpoch: 2, liftHold: true })).toMatchObject({
      held: false,
      epoch: 3,
    });
    expect(await control.contexts.get('bystander')).toMatchObject({ owner: 'monolith', epoch: 1 });
    await lease.release();
  });

  test('a flip whose journal cannot be written did not happen', async () => {
    await control.contexts.register('unjournaled', 'replicated');
    const entry = { actor: 'test', step: 'flip', status: 'done', moveId: 'no uuid' } as const;
    expect(
      await code(
        control.flip({
          context: 'unjournaled',
          expectedEpoch: 1,
          owner: 'service',
          stage: 'service',
          startLsn: '0/1',
          journal: [entry],
        }),
      ),
    ).toBe('22P02');
    expect(await control.contexts.get('unjournaled')).toMatchObject({
      owner: 'monolith',
      epoch: 1,
    });
  });
});

describe('measurements', () => {
  test('a watermark of an older epoch never overwrites a newer one', async () => {
    const workerId = randomUUID();
    await control.watermarks.upsert({
      context: 'wm',
      direction: 'forward',
      epoch: 2,
      state: 'streaming',
      appliedLsn: '0/20',
      appliedAt: await control.now(),
      rowsApplied: 5,
      workerId,
    });
    await control.watermarks.upsert({
      context: 'wm',
      direction: 'forward',
      epoch: 1,
      state: 'caught-up',
      appliedLsn: '0/99',
      workerId,
    });
    expect(await control.watermarks.get('wm', 'forward')).toMatchObject({
      epoch: 2,
      appliedLsn: '0/20',
      rowsApplied: 5,
      workerAlive: true,
    });
    for (const state of ['failed', 'stopped'] as const) {
      await control.watermarks.upsert({
        context: 'wm',
        direction: 'forward',
        epoch: 2,
        state,
        workerId,
      });
      expect(await control.watermarks.get('wm', 'forward')).toMatchObject({
        appliedLsn: '0/20',
        rowsApplied: 5,
        workerAlive: false,
      });
    }
  });

  test('the newest evidence counts', async () => {
    await control.evidence.record({
      context: 'ev',
      kind: 'verification',
      epoch: 1,
      ok: false,
      detail: { differences: 3 },
    });
    await control.evidence.record({
      context: 'ev',
      kind: 'verification',
      epoch: 1,
      ok: true,
      detail: { differences: 0 },
    });
    expect(await control.evidence.latest('ev', 'verification')).toMatchObject({
      ok: true,
      detail: { differences: 0 },
    });
    expect(await control.evidence.latest('ev', 'verification', 2)).toBeUndefined();
  });

  test('evidence is of one context, one kind and one epoch, and is forgotten as such', async () => {
    for (const [context, kind, epoch] of [
      ['ev1', 'verification', 1],
      ['ev1', 'verification', 2],
      ['ev1', 'copy', 3],
      ['ev2', 'verification', 4],
    ] as const)
      await control.evidence.record({ context, kind, epoch, ok: true, detail: { big: 5n } });
    const epochs = async () => [
      (await control.evidence.latest('ev1', 'verification'))?.epoch,
      (await control.evidence.latest('ev1', 'verification', 1))?.epoch,
      (await control.evidence.latest('ev1', 'copy'))?.epoch,
      (await control.evidence.latest('ev2', 'verification'))?.epoch,
    ];
    expect(await epochs()).toEqual([2, 1, 3, 4]);
    const { ageSeconds, detail } = (await control.evidence.latest('ev1', 'copy'))!;
    expect(ageSeconds).toBeGreaterThanOrEqual(0);
    expect(ageSeconds).toBeLessThan(60);
    expect(detail).toEqual({ big: '5' });
    await control.evidence.forget('ev1', 'verification');
    expect(await epochs()).toEqual([undefined, undefined, 3, 4]);
  });

  test('a facade that reported nothing of a context is seen, and has drained nothing; one that was silent is not alive', async () => {
    const [silent, drained, gone] = [randomUUID(), randomUUID(), randomUUID()];
    for (const id of [silent, drained, gone])
      await raw.pool.query(registerInstanceStatement(id, id, {}));
    await raw.pool.query(
      `UPDATE strangler_control.instances SET heartbeat_at = clock_timestamp() - interval '11 seconds'
        WHERE instance_id = $1`,
      [gone],
    );
    await raw.pool.query(
      `INSERT INTO strangler_control.instance_contexts (instance_id, context, epoch, hold_id, drained)
       VALUES ($1, 'drained', 2, $2, true), ($3, 'another', 5, NULL, true)`,
      [drained, drained, silent],
    );
    const known: string[] = [silent, drained, gone];
    const seen = (await control.instances.forContext('drained')).filter(({ instanceId }) =>
      known.includes(instanceId),
    );
    expect(
      Object.fromEntries(
        seen.map((one) => [one.instanceId, [one.epoch, one.holdId, one.drained, one.alive]]),
      ),
    ).toEqual({
      [silent]: [null, null, false, true],
      [drained]: [2, drained, true, true],
      [gone]: [null, null, false, false],
    });
  });

  test('a failure does not take the count of dead letters away, a new epoch does', async () => {
    const base = { context: 'wm-letters', direction: 'forward', workerId: randomUUID() } as const;
    const detail = async () => (await control.watermarks.get('wm-letters', 'forward'))?.detail;
    const sample = { deadLetters: 2, transport: 'embedded' };
    await control.watermarks.upsert({ ...base, epoch: 1, state: 'streaming', detail: sample });
    const failed = { code: 'DB_UNREACHABLE', message: 'gone' };
    await control.watermarks.upsert({ ...base, epoch: 1, state: 'failed', detail: failed });
    expect(await detail()).toEqual({ ...failed, deadLetters: 2 });
    await control.watermarks.upsert({
      ...base,
      epoch: 1,
      state: 'streaming',
      detail: { deadLetters: 0 },
    });
    expect(await detail()).toEqual({ deadLetters: 0 });
    await control.watermarks.upsert({ ...base, epoch: 1, state: 'streaming', detail: sample });
    await control.watermarks.upsert({ ...base, epoch: 2, state: 'failed', detail: failed });
    expect(await detail()).toEqual(failed);
  });

  test('a watermark of a new epoch begins without the one of the old', async () => {
    const base = {
      context: 'wm-new',
      direction: 'forward',
      state: 'streaming',
      workerId: randomUUID(),
    } as const;
    const now = await control.now();
    await control.watermarks.upsert({ ...base, epoch: 1, appliedLsn: '0/20', appliedAt: now });
    await control.watermarks.upsert({ ...base, epoch: 2 });
    expect(await control.watermarks.get('wm-new', 'forward')).toMatchObject({
      epoch: 2,
      appliedLsn: null,
      appliedAt: null,
      lagSeconds: null,
    });
    await control.watermarks.upsert({ ...base, epoch: 2, appliedAt: now, appliedLsn: '0/30' });
    await control.watermarks.upsert({ ...base, epoch: 2 });
    expect(await control.watermarks.get('wm-new', 'forward')).toMatchObject({ appliedLsn: '0/30' });
    for (const state of ['failed', 'stopped'] as const) {
      await control.watermarks.upsert({ ...base, epoch: 2, state });
      expect(await control.watermarks.get('wm-new', 'forward')).toMatchObject({
        workerAlive: false,
      });
    }
    expect(await control.watermarks.get('wm-new', 'reverse')).toBeUndefined();
  });

  test('only answers that were compared count as compared, of one context and one epoch', async () => {
    await sql`INSERT INTO strangler_control.shadow_counts VALUES
      ('sh', 'list', 'match', 1, 90), ('sh', 'list', 'mismatch', 1, 6), ('sh', 'list', 'candidate-error', 1, 3),
      ('sh', 'list', 'candidate-timeout', 1, 1), ('sh', 'list', 'stale', 1, 7), ('sh', 'list', 'uncomparable', 1, 8),
      ('sh', 'list', 'dropped', 1, 9), ('sh', 'list', 'match', 2, 20), ('sh', 'one', 'dropped', 1, 5),
      ('other', 'list', 'match', 1, 1)`.execute(raw.db);
    expect(await control.shadow.counts('sh', 1)).toMatchObject([
      { route: 'list', compared: 100, real: 10, counts: { stale: 7, uncomparable: 8, dropped: 9 } },
      { route: 'one', compared: 0, real: 0, counts: { dropped: 5 } },
    ]);
    expect(await control.shadow.counts('sh')).toMatchObject([{ compared: 120 }, { compared: 0 }]);
    await control.shadow.reset('sh');
    expect(await control.shadow.counts('sh')).toEqual([]);
    expect(await control.shadow.counts('other')).toMatchObject([{ compared: 1 }]);
  });

  test('a window adds up both sides', async () => {
    await sql`INSERT INTO strangler_control.route_stats VALUES
      ('st', 'list', 'monolith', clock_timestamp(), 100, 1, ARRAY[0,0,98,0,0,2,0,0,0,0,0,0,0,0]::bigint[], 0),
      ('st', 'list', 'service', clock_timestamp(), 100, 0, ARRAY[100,0,0,0,0,0,0,0,0,0,0,0,0,0]::bigint[], 7),
      ('st', 'list', 'service', clock_timestamp() - interval '1 hour', 100, 50, ARRAY[0,0,0,0,0,0,0,0,0,0,0,0,0,100]::bigint[], 9)`.execute(
      raw.db,
    );
    expect(await control.routeStats.window('st', { seconds: 60 })).toEqual({
      monolith: { requests: 100, errors: 1, refused: 0, p99Ms: 50 },
      service: { requests: 100, errors: 0, refused: 7, p99Ms: 1 },
    });
    await sql`INSERT INTO strangler_control.route_stats (context, route, side, second, requests, errors, latency_buckets)
      VALUES ('st', 'old', 'service', clock_timestamp(), 1, 0, ARRAY[1,0,0,0,0,0,0,0,0,0,0,0,0,0]::bigint[])`.execute(
      raw.db,
    );
    expect(await control.routeStats.window('st', { seconds: 60 })).toMatchObject({
      monolith: { refused: 0 },
      service: { requests: 101, refused: null },
    });
    expect(
      (await control.routeStats.window('st', { seconds: 60, routes: ['other'] })).service.requests,
    ).toBe(0);
  });

  test('a quantile is the upper bound of its bucket', () => {
    expect(quantile([], 0.99)).toBe(0);
    expect(quantile([99, 1], 0.99)).toBe(1);
    expect(quantile([98, 2], 0.99)).toBe(2);
  });
});

test('a facade that was gone for an hour is forgotten when another one says that it is alive', async () => {
  const [gone, quiet, alive] = [randomUUID(), randomUUID(), randomUUID()];
  await raw.pool.query(
    `INSERT INTO strangler_control.instances (instance_id, name, heartbeat_at) VALUES
       ($1, 'gone', clock_timestamp() - interval '61 minutes'),
       ($2, 'quiet', clock_timestamp() - interval '59 minutes')`,
    [gone, quiet],
  );
  await raw.pool.query(registerInstanceStatement(alive, 'alive', {}));
  const known = (await control.instances.list()).map((one) => one.instanceId);
  expect([gone, quiet, alive].map((id) => known.includes(id))).toEqual([false, true, true]);
});
