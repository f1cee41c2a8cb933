import { once } from 'node:events';
import http from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import pg from 'pg';
import { Recorder } from '../src/telemetry/recorder.ts';
import { ask } from './support/client.ts';
import { replicatedItems, servedBy } from './support/replicated-items.ts';

const items = replicatedItems();
const acknowledged = (hold: string, drained: boolean) => async () =>
  Number(
    (
      await items.control.query(
        `SELECT count(*) FROM strangler_control.instance_contexts WHERE hold_id = $1 AND drained = $2`,
        [hold, drained],
      )
    )[0]?.count,
  );

describe('P2 one writer', () => {
  test('a flag on a write route moves no write, the owner does', async () => {
    const facade = await items.start('a');
    expect(await servedBy(facade, '/api/items', {}, 'POST')).toBe('monolith');
    await items.control.setContext({ stage: 'service', owner: 'service', epoch: 2 });
    await until(
      'the facade knows',
      async () => (await facade.readiness()).contexts.items?.epoch === '2',
    );
    expect(await servedBy(facade, '/api/items', {}, 'POST')).toBe('service');
  });

  test('an older epoch never overwrites a newer one', async () => {
    const facade = await items.start('a');
    await items.control.setContext({ stage: 'service', owner: 'service', epoch: 5 });
    await until('epoch 5', async () => (await facade.readiness()).contexts.items?.epoch === '5');
    await items.control.setContext({ stage: 'canary', owner: 'monolith', epoch: 4 });
    await until(
      'the facade says that it was told an older epoch',
      async () => (await facade.readiness()).control.olderEpochTold.length === 1,
    );
    expect(await facade.readiness()).toMatchObject({
      status: 'degraded',
      contexts: { items: { owner: 'service', epoch: '5' } },
    });
    expect(await servedBy(facade, '/api/items', {}, 'POST')).toBe('service');
  });

  test('hold, drain with a slow upload under way, flip, release: held writes go to the new owner', async () => {
    const [one, two] = [await items.start('a'), await items.start('b')];
    const slow = http.request({
      host: '127.0.0.1',
      port: one.port,
      path: '/api/items',
      method: 'POST',
      agent: false,
    });
    const before = items.monolith.seen.length;
    slow.write('begun');
    await until('the upload is under way', () => items.monolith.seen.length > before);
    const hold = await items.control.hold(8_000);
    await until(
      'both facades hold',
      async () =>
        Number(
          (
            await items.control.query(
              'SELECT count(*) FROM strangler_control.instance_contexts WHERE hold_id = $1',
              [hold],
            )
          )[0]?.count,
        ) === 2,
    );
    await until('the idle one is drained', async () => (await acknowledged(hold, true)()) === 1);
    const writes = [one, two].map((facade) =>
      ask(facade.port, '/api/items', { method: 'POST', body: 'held' }),
    );
    await until(
      'both wait',
      async () =>
        (await one.metric(/^facade_waiting_writes/)) +
          (await two.metric(/^facade_waiting_writes/)) ===
        2,
    );
    expect(await acknowledged(hold, true)()).toBe(1);
    slow.end('finished');
    const [answer] = (await once(slow, 'response')) as [http.IncomingMessage];
    answer.resume();
    expect(answer.headers['x-strangler-served-by']).toBe('monolith');
    await until('both are drained', async () => (await acknowledged(hold, true)()) === 2);
    await items.control.setContext({ stage: 'service', owner: 'service', epoch: 2 });
    expect(
      (await Promise.all(writes)).map((held) => held.headers['x-strangler-served-by']),
    ).toEqual(['service', 'service']);
    const epochs = await until('both acknowledge the new epoch', async () => {
      const rows = await items.control.query(
        'SELECT epoch::int, hold_id FROM strangler_control.instance_contexts',
      );
      return rows.every((row) => row.epoch === 2 && row.hold_id === null) && rows;
    });
    expect(epochs).toHaveLength(2);
  });

  describe('a hold that goes on', () => {
    const refusal = async (asked: ReturnType<typeof ask>) => {
      const { status, headers, body } = await asked;
      return [status, headers['retry-after'], JSON.parse(body).code];
    };
    const refused = [503, '1', 'WRITES_HELD'];
    const post = (facade: { port: number }) => ask(facade.port, '/api/items', { method: 'POST' });

    test('and that nobody lifts ends by itself: what waited goes to the old owner', async () => {
      const facade = await items.start('a', { limits: { holdMaxMs: 60_000 } });
      const hold = await items.control.hold(1_500);
      await until('held', async () => (await acknowledged(hold, true)()) === 1);
      const waiting = post(facade);
      await until('it waits', async () => (await facade.metric(/^facade_waiting_writes/)) === 1);
      expect((await waiting).headers['x-strangler-served-by']).toBe('monolith');
    });

    test('lets only so many writes wait: one more gets 503 at once', async () => {
      const facade = await items.start('a', {
        limits: { holdMaxWaiting: 1, holdMaxMs: 600_000 },
      });
      const hold = await items.control.hold(600_000);
      await until('held', async () => (await acknowledged(hold, true)()) === 1);
      const waiting = post(facade);
      await until('one waits', async () => (await facade.metric(/^facade_waiting_writes/)) === 1);
      expect(await refusal(post(facade))).toEqual(refused);
      await items.control.setContext({ stage: 'canary', owner: 'monolith', epoch: 1 });
      expect((await waiting).headers['x-strangler-served-by']).toBe('monolith');
    });

    test('lets a write wait only so long: then it gets 503, and no upstream hears of it', async () => {
      const facade = await items.start('a', { limits: { holdMaxMs: 400 } });
      const hold = await items.control.hold(600_000);
      await until('held', async () => (await acknowledged(hold, true)()) === 1);
      const [before, started] = [items.monolith.seen.length, performance.now()];
      expect(await refusal(post(facade))).toEqual(refused);
      expect(performance.now() - started).toBeGreaterThanOrEqual(399);
      expect(items.monolith.seen.length).toBe(before);
    });
  });
});

describe('P5 reads your writes', () => {
  test('through two facades nobody reads behind an own write while the watermark is late', async () => {
    const [one, two] = [await items.start('a'), await items.start('b')];
    await items.control.caughtUp();
    expect(await servedBy(two)).toBe('service');
    await ask(one.port, '/api/items', { method: 'POST', headers: { authorization: 'ann' } });
    // the very next read, through the other facade, and again: the watermark is late
    for (let round = 0; round < 5; round++)
      expect([await servedBy(two), await servedBy(one)]).toEqual(['monolith', 'monolith']);
    expect(await servedBy(two, '/api/items', { authorization: 'bob' })).toBe('service');
    await items.control.caughtUp();
    expect([await servedBy(two), await servedBy(one)]).toEqual(['service', 'service']);
  });

  test('the pin stands before the writer has the answer', async () => {
    const facade = await items.start('a');
    await items.control.caughtUp();
    for (let round = 0; round < 20; round++) {
      await ask(facade.port, '/api/items', {
        method: 'POST',
        headers: { authorization: `writer-${round}` },
      });
      const rows = await items.control.query(
        `SELECT count(*)::int AS n FROM strangler_control.pins`,
      );
      expect(rows[0]?.n).toBe(round + 1);
    }
  });

  test('a write whose pin could not be written in time keeps its writer at the owner until the pin stands', async () => {
    const facade = await items.start('a', { limits: { pinMs: 100 } });
    await items.control.caughtUp();
    expect(await servedBy(facade)).toBe('service');
    const blocker = new pg.Client(items.control.url);
    await blocker.connect();
    try {
      // pins can be read, not written: the question about freshness is answered all the same
      await blocker.query('BEGIN; LOCK TABLE strangler_control.pins IN EXCLUSIVE MODE');
      expect(
        (
          await ask(facade.port, '/api/items', {
            method: 'POST',
            headers: { authorization: 'ann' },
          })
        ).status,
      ).toBeLessThan(300);
      expect(await servedBy(facade)).toBe('monolith');
      await blocker.query('ROLLBACK');
      await until(
        'the pin for everybody stands',
        async () =>
          (await items.control.query(`SELECT 1 FROM strangler_control.pins WHERE identity = '*'`))
            .length === 1,
      );
      expect(await servedBy(facade)).toBe('monolith');
      await until('the debt is settled and passed', async () => {
        await items.control.caughtUp();
        return (await servedBy(facade)) === 'service';
      });
    } finally {
      await blocker.end();
    }
  });

  test('many who ask at once share one connection for numbers', async () => {
    const recorder = new Recorder({
      url: items.control.url,
      name: 'crowd',
      flushMs: 60_000,
      onDrop: () => {},
    });
    try {
      await items.control.caughtUp();
      await Promise.all(Array.from({ length: 5 }, () => recorder.caughtUp('items', 50)));
      expect(
        await items.control.query(
          `SELECT 1 FROM pg_stat_activity WHERE application_name = 'facade crowd numbers'`,
        ),
      ).toHaveLength(1);
    } finally {
      await recorder.stop();
      // what a losing connection would leave open keeps the database from being dropped
      await items.control.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'facade crowd numbers'`,
      );
    }
  });

  test('a write of nobody in particular pins everybody', async () => {
    const facade = await items.start('a');
    await items.control.caughtUp();
    await ask(facade.port, '/api/items', { method: 'POST' });
    expect(await servedBy(facade, '/api/items', { authorization: 'bob' })).toBe('monolith');
  });

  test('without a watermark, or with one of an older epoch, the owner serves', async () => {
    const facade = await items.start('a');
    expect(await servedBy(facade)).toBe('monolith');
    await items.control.caughtUp('forward', 0);
    expect(await servedBy(facade)).toBe('monolith');
    await items.control.caughtUp('forward', 1);
    expect(await servedBy(facade)).toBe('service');
  });

  test('after the flip reads that are flagged to the monolith obey the reverse watermark', async () => {
    await items.control.setContext({ stage: 'service', owner: 'service', epoch: 2 });
    const facade = await items.start('a');
    expect(await servedBy(facade, '/api/items/1')).toBe('service');
    await items.control.caughtUp('reverse', 2);
    expect(await servedBy(facade, '/api/items/1')).toBe('monolith');
    await ask(facade.port, '/api/items', { method: 'POST', headers: { authorization: 'ann' } });
    expect(await servedBy(facade, '/api/items/1')).toBe('service');
  });

  test('pins lost in a crash of the control database are covered: nothing is fresh before the watermark passes the new link', async () => {
    const facade = await items.start('a');
    await items.control.caughtUp();
    await ask(facade.port, '/api/items', { method: 'POST', headers: { authorization: 'ann' } });
    // what a crash does to an unlogged table and to connections
    await items.control.query('TRUNCATE strangler_control.pins');
    await items.control.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'facade %' AND datname = current_database()`,
    );
    expect(await servedBy(facade)).toBe('monolith');
    await until('an answer from the new connection, not only the lack of one', async () => {
      expect(await servedBy(facade)).toBe('monolith');
      return (await facade.metric(/^facade_pinned_reads_total\{.*reason="pin"\}/)) > 0;
    });
    await until('fresh again once the stream has passed', async () => {
      await items.control.caughtUp();
      return (await servedBy(facade)) === 'service';
    });
  });
});
