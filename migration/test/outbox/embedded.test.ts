import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startProcess, until } from '@strangler-toolkit/dev-stack';
import { removeOldEvents } from '@strangler-toolkit/service-kit';
import { restartSubscription } from '../../src/outbox/index.ts';
import { openRig, type Rig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig('outbox');
});
afterEach(async () => {
  await rig?.[Symbol.asyncDispose]();
});

const order = (from: number, to: number, id = '1') =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ id, n: from + index }));
/** A handler's end is not yet its commit: what it did is seen a moment later. */
const committed = (events: number): Promise<unknown> =>
  until(`${events} events are handled`, async () => (await rig.count()) === events);
const slots = async (): Promise<
  { slot_name: string; active: boolean; confirmed_flush_lsn: string }[]
> =>
  (
    await rig.pool.query<{ slot_name: string; active: boolean; confirmed_flush_lsn: string }>(
      'SELECT slot_name, active, confirmed_flush_lsn FROM pg_replication_slots WHERE database = current_database()',
    )
  ).rows;

describe('events through the embedded transport', () => {
  test('arrive in the order of commits, those of a transaction together, as what was published', async () => {
    const subscription = rig.subscribe();
    await until('streaming', () =>
      subscription.progress.some(({ phase }) => phase === 'streaming'),
    );
    const [early, late] = [await rig.pool.connect(), await rig.pool.connect()];
    const insert = `INSERT INTO outbox (aggregatetype, aggregateid, type, payload, traceparent, tracestate, created_at) VALUES ('order', $1, 'order.placed', $2, '00-aa-bb-01', 'k=v', '2026-01-02 03:04:05.6+02')`;
    await early.query('BEGIN');
    await early.query(insert, ['a', '{"n": 1, "nothing": null, "mixed": [1, "b", null]}']);
    await late.query('BEGIN');
    await late.query(insert, ['b', '{"n": 1}']);
    await early.query(insert, ['a', '{"n": 2}']);
    await late.query('COMMIT');
    await early.query('COMMIT');
    early.release();
    late.release();
    await until('three events', () => subscription.events.length === 3);
    expect(
      subscription.events.map(({ aggregateId, payload }) => ({ aggregateId, payload })),
    ).toEqual([
      { aggregateId: 'b', payload: { n: 1 } },
      { aggregateId: 'a', payload: { n: 1, nothing: null, mixed: [1, 'b', null] } },
      { aggregateId: 'a', payload: { n: 2 } },
    ]);
    expect(subscription.events[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      aggregateType: 'order',
      aggregateId: 'b',
      type: 'order.placed',
      payload: { n: 1 },
      traceparent: '00-aa-bb-01',
      tracestate: 'k=v',
      occurredAt: '2026-01-02T01:04:05.600000Z',
    });
  });

  test('of a transaction that rolled back do not exist', async () => {
    const subscription = rig.subscribe();
    await rig.publish(order(1, 2), { rollback: true });
    await rig.publish(order(3, 3));
    await committed(1);
    expect(subscription.events).toHaveLength(1);
    expect(await rig.handled()).toEqual([{ id: '1', n: 3, times: 1 }]);
  });

  test('of before the first start come first, from what the outbox still holds, then all the others', async () => {
    await rig.publish(order(1, 700));
    const subscription = rig.subscribe();
    await until('the first', () => subscription.events.length > 0);
    await rig.publish(order(701, 710));
    await committed(710);
    expect((await rig.handled()).map(({ n }) => n)).toEqual(
      Array.from({ length: 710 }, (_, index) => index + 1),
    );
  });

  test('of other kinds, and the removal of old ones, are not delivered', async () => {
    const subscription = rig.subscribe();
    await until('streaming', () =>
      subscription.progress.some(({ phase }) => phase === 'streaming'),
    );
    await rig.pool.query(
      `INSERT INTO outbox (aggregatetype, aggregateid, type, payload) VALUES ('invoice', '1', 'invoice.sent', '{"n": 1}')`,
    );
    await rig.pool.query(
      `INSERT INTO outbox (aggregatetype, aggregateid, type, payload, created_at) VALUES ('order', '1', 'order.changed', '{"n": 2}', now() - interval '9 days')`,
    );
    expect(await removeOldEvents(rig.pool, 7)).toBe(1);
    await rig.pool.query('TRUNCATE outbox');
    await rig.publish(order(3, 3));
    await committed(2);
    expect((await rig.handled()).map(({ n }) => n)).toEqual([2, 3]);
  });

  test('keep the log while one of them is being handled, let it go once they are, and while the outbox rests', async () => {
    let handle: () => void = () => {};
    const handled = new Promise<void>((resolve) => {
      handle = resolve;
    });
    let begun = 0;
    const subscription = rig.subscribe({
      handler: async () => {
        begun += 1;
        if (begun === 2) await handled;
      },
    });
    await until('streaming', () =>
      subscription.progress.some(({ phase }) => phase === 'streaming'),
    );
    const end = async (): Promise<string> =>
      (await rig.pool.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn')).rows[0]
        ?.lsn ?? '';
    const reached = async (lsn: string): Promise<boolean> =>
      (
        await rig.pool.query<{ reached: boolean }>(
          'SELECT confirmed_flush_lsn >= $1::pg_lsn AS reached FROM pg_replication_slots WHERE database = current_database()',
          [lsn],
        )
      ).rows[0]?.reached === true;
    await rig.publish(order(1, 3));
    const published = await end();
    await until('the second is being handled', () => begun === 2);
    await rig.publish(order(4, 4));
    await rig.pool.query('CHECKPOINT');
    // The transaction is not handled to its end: the server must be able to give it again.
    expect(await reached(published)).toBe(false);
    handle();
    await until('all are handled', () => begun === 4);
    await rig.pool.query('CREATE TABLE unrelated AS SELECT generate_series(1, 1000)');
    const unrelated = await end();
    await until('what concerns nobody is confirmed as well', () => reached(unrelated));
  });
});

describe('an event is handled once in effect', () => {
  test('when its subscriber is killed again and again in the middle of transactions', async () => {
    let kills = 0;
    const total = 600;
    const publishing = (async () => {
      for (let n = 1; n <= total; n += 20) await rig.publish(order(n, n + 19, String(n % 7)));
    })();
    while (kills < 4) {
      const subscriber = await startProcess({
        name: 'subscriber',
        file: new URL('./subscriber-process.ts', import.meta.url).pathname,
        args: [rig.target.url, JSON.stringify(rig.embedded)],
        ready: 'spawned',
      });
      const before = await rig.count();
      await until(
        'some progress',
        async () => (await rig.count()) > before + 30 || !subscriber.running,
      ).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${subscriber.logs().join('\n')}`);
      });
      // one that ended by itself would be killed in the middle of nothing
      expect([subscriber.running, subscriber.logs()]).toEqual([true, expect.anything()]);
      await subscriber.kill('SIGKILL');
      kills += 1;
    }
    await publishing;
    rig.subscribe();
    await until('all', async () => (await rig.count()) === total);
    const rows = await rig.handled();
    expect(rows.filter(({ times }) => times !== 1)).toEqual([]);
    expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: total }, (_, index) => index + 1));
  });

  test('when the position is lost with a crash and all is delivered again', async () => {
    const first = rig.subscribe();
    await rig.publish(order(1, 10));
    await committed(10);
    await first.close();
    await rig.targetPool.query('UPDATE strangler.event_positions SET position = NULL');
    const second = rig.subscribe();
    await rig.publish(order(11, 11));
    await committed(11);
    expect((await rig.handled()).map(({ n, times }) => [n, times])).toEqual(
      Array.from({ length: 11 }, (_, index) => [index + 1, 1]),
    );
    expect(second.events).toHaveLength(1);
  });

  test('when two processes of one consumer run: one reads, the other takes over', async () => {
    const first = rig.subscribe();
    await until('streaming', () => first.progress.some(({ phase }) => phase === 'streaming'));
    const second = rig.subscribe();
    await until('standby', () => second.progress.some(({ phase }) => phase === 'standby'));
    await rig.publish(order(1, 5));
    await committed(5);
    await first.close();
    await rig.publish(order(6, 8));
    await until('taken over', () => second.events.length === 3);
    await committed(8);
    expect((await rig.handled()).map(({ n, times }) => [n, times])).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((n) => [n, 1]),
    );
  });

  test('while every consumer gets every event', async () => {
    const [first, second] = [
      rig.subscribe({ consumer: 'first' }),
      rig.subscribe({ consumer: 'second' }),
    ];
    await rig.publish(order(1, 3));
    await until('both', () => first.events.length === 3 && second.events.length === 3);
    await until('committed', async () => (await rig.handled()).every(({ times }) => times > 1));
    expect((await rig.handled()).map(({ times }) => times)).toEqual([2, 2, 2]);
    expect(await slots()).toHaveLength(2);
  });
});

describe('a handler that fails', () => {
  test('leaves nothing behind, and is tried again', async () => {
    let failures = 0;
    const subscription = rig.subscribe({
      handler: async (event, transaction) => {
        await transaction.query(`INSERT INTO handled (aggregate, n) VALUES ($1, 1)`, [
          event.aggregateId,
        ]);
        if (failures < 2) {
          failures += 1;
          throw new Error('not now');
        }
      },
    });
    await rig.publish(order(1, 1));
    await until('handled', async () => (await rig.count()) === 1);
    expect(failures).toBe(2);
    await subscription.close();
  });

  test('for good ends the subscription with the event that a person has to look at, and nothing after it is handled', async () => {
    const subscription = rig.subscribe({
      attempts: 2,
      handler: async (event, transaction) => {
        const { n } = event.payload as { n: number };
        await transaction.query('INSERT INTO handled (aggregate, n) VALUES ($1, $2)', [
          event.aggregateId,
          n,
        ]);
        if (n === 2) throw new Error('cannot do two');
      },
    });
    await rig.publish(order(1, 4));
    await expect(subscription.ended).rejects.toMatchObject({
      code: 'EVENT_FAILED',
      message: expect.stringMatching(
        /counter could not handle event [0-9a-f-]+ \(order.changed of order 1\), 2 attempts: cannot do two/,
      ),
    });
    expect((await rig.handled()).map(({ n }) => n)).toEqual([1]);
    // the remedy: pass it by
    const { rows } = await rig.pool.query<{ id: string }>(
      `SELECT id FROM outbox WHERE payload ->> 'n' = '2'`,
    );
    await rig.targetPool.query(
      'INSERT INTO strangler.processed_events (consumer, event_id) VALUES ($1, $2)',
      ['counter', rows[0]?.id],
    );
    rig.subscribe();
    await until('the rest', async () => (await rig.count()) === 3);
    expect((await rig.handled()).map(({ n, times }) => [n, times])).toEqual([
      [1, 1],
      [3, 1],
      [4, 1],
    ]);
  });

  test('and hides it is found out: what the database rolled back does not count as handled', async () => {
    const subscription = rig.subscribe({
      attempts: 1,
      handler: async (_event, transaction) => {
        await transaction.query('INSERT INTO no_such_table VALUES (1)').catch(() => undefined);
      },
    });
    await rig.publish(order(1, 1));
    await expect(subscription.ended).rejects.toMatchObject({ code: 'EVENT_FAILED' });
    expect((await rig.targetPool.query('SELECT FROM strangler.processed_events')).rowCount).toBe(0);
  });
});

describe('nothing goes on silently past a hole', () => {
  test('a slot that is gone stops the subscription; a restart reads again what the outbox holds', async () => {
    const first = rig.subscribe();
    await rig.publish(order(1, 3));
    await committed(3);
    await first.close();
    await until('free', async () => (await slots()).every(({ active }) => !active));
    await rig.pool.query(
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()',
    );
    await rig.publish(order(4, 6));
    const second = rig.subscribe();
    await expect(second.ended).rejects.toMatchObject({
      code: 'SLOT_LOST',
      remedy: expect.stringContaining('restartSubscription'),
    });
    await restartSubscription({
      consumer: 'counter',
      target: rig.target.url,
      source: rig.embedded,
    });
    rig.subscribe();
    await rig.publish(order(7, 7));
    await until('all', async () => (await rig.count()) === 7);
    expect((await rig.handled()).map(({ n, times }) => [n, times])).toEqual(
      [1, 2, 3, 4, 5, 6, 7].map((n) => [n, 1]),
    );
  });

  test('a slot that was moved on stops the subscription', async () => {
    const first = rig.subscribe();
    await rig.publish(order(1, 1));
    await committed(1);
    // an event that was there before the stream is handled before there is a position
    await until('streaming', () => first.progress.some(({ phase }) => phase === 'streaming'));
    await first.close();
    await until('free', async () => (await slots()).every(({ active }) => !active));
    await rig.publish(order(2, 2));
    await rig.pool.query(
      'SELECT pg_replication_slot_advance(slot_name, pg_current_wal_lsn()) FROM pg_replication_slots WHERE database = current_database()',
    );
    await expect(rig.subscribe().ended).rejects.toMatchObject({ code: 'POSITION_GAP' });
  });

  test('another consumer of the same name cannot take the slot away', async () => {
    const first = rig.subscribe();
    await until('streaming', () => first.progress.some(({ phase }) => phase === 'streaming'));
    const stranger = rig.subscribe({ target: rig.service.url });
    await expect(stranger.ended).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('another consumer has this name'),
    });
    await rig.publish(order(1, 1));
    await until('still read', () => first.events.length === 1);
  });
});

test('a source that goes away for a while is waited for', async () => {
  const subscription = rig.subscribe();
  await rig.publish(order(1, 2));
  await until('handled', () => subscription.events.length === 2);
  await rig.targetPool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name IN ('strangler-events-counter', 'strangler-counter-events-forward')`,
  );
  await rig.publish(order(3, 4));
  await until('handled after the break', () => subscription.events.length === 4);
  expect(subscription.progress).toContainEqual(expect.objectContaining({ phase: 'failed' }));
  expect((await rig.handled()).map(({ n, times }) => [n, times])).toEqual(
    [1, 2, 3, 4].map((n) => [n, 1]),
  );
});
