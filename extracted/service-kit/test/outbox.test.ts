import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Router } from 'express';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import {
  createLogger,
  installOutbox,
  keepOutboxShort,
  publishEvent,
  removeOldEvents,
  startService,
} from '@strangler-toolkit/service-kit';

let database: TestDatabase;
let pool: pg.Pool;
const silent = createLogger('probe', { level: 'silent' });

beforeAll(async () => {
  database = await createTestDatabase('outbox');
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
  await installOutbox(pool);
  await pool.query('CREATE TABLE orders (id int PRIMARY KEY)');
});
beforeEach(async () => {
  await pool.query('TRUNCATE outbox, orders');
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

const event = {
  aggregateType: 'order',
  aggregateId: '7',
  type: 'order.placed',
  payload: { total: '12.30', note: null },
};
const outbox = async () =>
  (await pool.query<Record<string, unknown>>('SELECT * FROM outbox ORDER BY created_at')).rows;

test('an event is published if and only if the transaction that brings it commits', async () => {
  for (const end of ['ROLLBACK', 'COMMIT']) {
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('INSERT INTO orders VALUES (7)');
    const id = await publishEvent(client, event);
    await client.query(end);
    client.release();
    expect((await outbox()).map((row) => row.id)).toEqual(end === 'COMMIT' ? [id] : []);
  }
  expect(await outbox()).toEqual([
    expect.objectContaining({
      aggregatetype: 'order',
      aggregateid: '7',
      type: 'order.placed',
      payload: { total: '12.30', note: null },
      traceparent: null,
      tracestate: null,
    }),
  ]);
});

test('an event carries the trace of the request that caused it, and a shadow request publishes none', async () => {
  const service = await startService({
    name: 'probe',
    port: 0,
    logger: silent,
    routes: () =>
      Router().post(
        '/orders',
        async (_request, response) =>
          void response.json({ id: (await publishEvent(pool, event)) ?? null }),
      ),
  });
  const headers = {
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    tracestate: 'a=b',
  };
  await fetch(`${service.url}/orders`, { method: 'POST', headers });
  const shadow = await fetch(`${service.url}/orders`, {
    method: 'POST',
    headers: { ...headers, 'x-strangler-shadow': '1' },
  });
  await service.stop();
  expect(await shadow.json()).toEqual({ id: null });
  expect(await outbox()).toEqual([
    expect.objectContaining({
      traceparent: expect.stringMatching(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/),
      tracestate: 'a=b',
    }),
  ]);
});

test('a trace that the caller names goes before that of the request', async () => {
  await publishEvent(pool, {
    ...event,
    traceContext: { traceparent: '00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01' },
  });
  expect(await outbox()).toEqual([
    expect.objectContaining({
      traceparent: '00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01',
      tracestate: null,
    }),
  ]);
});

test('an event that no topic or broker would take is refused with the write that brings it', async () => {
  await expect(publishEvent(pool, { ...event, aggregateType: 'order/line' })).rejects.toThrow(
    'outbox_aggregatetype_names_a_topic',
  );
  await expect(
    publishEvent(pool, { ...event, payload: { text: 'x'.repeat(1_000_000) } }),
  ).rejects.toThrow('outbox_payload_fits_a_message');
  expect(await outbox()).toEqual([]);
});

test('installing the outbox again changes nothing', async () => {
  await publishEvent(pool, event);
  await installOutbox(pool);
  expect(await outbox()).toHaveLength(1);
});

test('events older than the days to keep are removed, however many, and by several instances at once', async () => {
  await pool.query(
    `INSERT INTO outbox (aggregatetype, aggregateid, type, payload, created_at) SELECT 'order', n::text, 'order.placed', '{}', now() - interval '8 days' FROM generate_series(1, 2500) n`,
  );
  await publishEvent(pool, event);
  const removed = await Promise.all([removeOldEvents(pool, 7), removeOldEvents(pool, 7)]);
  expect(removed[0]! + removed[1]!).toBe(2500);
  expect(await outbox()).toHaveLength(1);
});

test('the outbox is kept short from the start on, and a database that fails is told and tried again', async () => {
  await pool.query(
    `INSERT INTO outbox (aggregatetype, aggregateid, type, payload, created_at) VALUES ('order', '1', 'order.placed', '{}', now() - interval '8 days')`,
  );
  const lines: string[] = [];
  const logger = createLogger('probe', {
    level: 'info',
    destination: { write: (line) => void lines.push(line) },
  });
  const stop = keepOutboxShort(pool, { keepDays: 7, logger });
  await stop();
  expect(await outbox()).toEqual([]);
  const broken = new pg.Pool({
    connectionString: database.url.replace(/\/[^/]*$/, '/no_such_database'),
  });
  const stopBroken = keepOutboxShort(broken, { keepDays: 7, logger });
  await stopBroken();
  await broken.end();
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    'old events removed',
    'old events were not removed; tried again later',
  ]);
});
