import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase, until } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { connect } from '../../src/database/connect.ts';
import {
  forgetPosition,
  readHandled,
  readHistory,
  readOffsets,
  readPosition,
  storeOffset,
  storePosition,
  type Subscriber,
} from '../../src/replica/event-positions.ts';
import { forgetProcessed, noteProcessed } from '../../src/replica/processed-events.ts';
import { installReplicaSchema } from '../../src/replica/schema.ts';

let database: TestDatabase;
let client: pg.Client;
let second: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase('replica_events');
  client = await connect(database.url, { applicationName: 'test' });
  second = await connect(database.url, { applicationName: 'test' });
  await installReplicaSchema(client, 'events');
});
afterEach(async () => {
  await client.query('ROLLBACK');
  await second.query('ROLLBACK');
  await client.query('TRUNCATE strangler.event_positions, strangler.processed_events');
});
afterAll(async () => {
  await client?.end();
  await second?.end();
  await database?.drop();
});

const here: Subscriber = { consumer: 'mail', service: 'orders' };
/** Nothing that is done to `here` may touch these. */
const others: readonly Subscriber[] = [
  { consumer: 'mail', service: 'catalog' },
  { consumer: 'search', service: 'orders' },
];
const all = [here, ...others];
const offsets = async (of: Subscriber) => Object.fromEntries(await readOffsets(client, of));

test('an offset moves its own partition, forwards only, and no other subscriber', async () => {
  for (const each of all) {
    await storeOffset(client, each, 'shop.events/0', { next: 5n, handled: 'e5n' });
    await storeOffset(client, each, 'shop.events/1', { next: 9n, handled: 'e9n' });
  }
  const begun = { 'shop.events/0': 5n, 'shop.events/1': 9n };
  expect(await offsets(here)).toEqual(begun);
  await storeOffset(client, here, 'shop.events/0', { next: 4n, handled: 'e4n' });
  expect(await offsets(here)).toEqual(begun);
  await storeOffset(client, here, 'shop.events/0', {
    next: 9_007_199_254_740_993n,
    handled: 'e9_007_199_254_740_993n',
  });
  expect(await offsets(here)).toEqual({ ...begun, 'shop.events/0': 9_007_199_254_740_993n });
  for (const each of others) expect(await offsets(each)).toEqual(begun);
  // The event that goes with the offset moves with it.
  expect(Object.fromEntries(await readHandled(client, here))).toEqual({
    'shop.events/0': 'e9_007_199_254_740_993n',
    'shop.events/1': 'e9n',
  });
  expect(await readPosition(client, here)).toBe('beginning');
});

test('a position is known to its own subscriber, and what it was read from stays known', async () => {
  expect(await readPosition(client, here)).toBe('unknown');
  expect(await readHistory(client, here)).toBeNull();
  const history = { system: '7', timeline: 1, mark: null };
  for (const each of all) {
    await storePosition(client, each, 'beginning', history);
    expect(await readPosition(client, each)).toBe('beginning');
  }
  await storePosition(client, here, 0x1_0000_0010n);
  expect(await readPosition(client, here)).toBe(0x1_0000_0010n);
  for (const each of others) expect(await readPosition(client, each)).toBe('beginning');
  const later = { ...history, timeline: 2 };
  expect(await readHistory(client, here)).toEqual(history);
  await storePosition(client, here, 0x1_0000_0020n, later);
  expect(await readHistory(client, here)).toEqual(later);
  for (const each of others) expect(await readHistory(client, each)).toEqual(history);
});

test('who is forgotten is unknown again, alone', async () => {
  for (const each of all) {
    await storePosition(client, each, 16n);
    await storeOffset(client, each, 'shop.events/0', { next: 5n, handled: 'e5n' });
  }
  await forgetPosition(client, here);
  expect(await readPosition(client, here)).toBe('unknown');
  expect(await offsets(here)).toEqual({});
  for (const each of others) {
    expect(await readPosition(client, each)).toBe(16n);
    expect(await offsets(each)).toEqual({ 'shop.events/0': 5n });
  }
});

const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()] as const;

test('an event is new once to each consumer, unless the transaction that handled it is undone', async () => {
  expect(await noteProcessed(client, 'mail', a)).toBe(true);
  expect(await noteProcessed(client, 'mail', a)).toBe(false);
  expect(await noteProcessed(client, 'mail', b)).toBe(true);
  expect(await noteProcessed(client, 'search', a)).toBe(true);
  await client.query('BEGIN');
  expect(await noteProcessed(client, 'mail', c)).toBe(true);
  await client.query('ROLLBACK');
  expect(await noteProcessed(client, 'mail', c)).toBe(true);
});

test('who meets an event that another process is handling waits for how that ends', async () => {
  const { rows } = await second.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  for (const [end, isNew] of [
    ['COMMIT', false],
    ['ROLLBACK', true],
  ] as const) {
    const event = randomUUID();
    await client.query('BEGIN');
    await noteProcessed(client, 'mail', event);
    const later = noteProcessed(second, 'mail', event);
    await until('the second one to wait', async () => {
      const waits = 'SELECT FROM pg_locks WHERE pid = $1 AND NOT granted';
      return (await client.query(waits, [rows[0]?.pid])).rowCount === 1;
    });
    await client.query(end);
    expect(await later).toBe(isNew);
  }
});

test('events are forgotten when they are old enough, of one consumer', async () => {
  for (const consumer of ['mail', 'search'])
    for (const event of [a, b]) await noteProcessed(client, consumer, event);
  await client.query(
    `UPDATE strangler.processed_events SET at = now() - make_interval(days => CASE event_id WHEN $1 THEN 8 ELSE 6 END)`,
    [a],
  );
  await forgetProcessed(client, 'mail', 7);
  const { rows } = await client.query<{ what: string }>(
    `SELECT consumer || CASE event_id WHEN $1 THEN ' old' ELSE ' young' END AS what
       FROM strangler.processed_events ORDER BY what`,
    [a],
  );
  expect(rows.map(({ what }) => what)).toEqual(['mail young', 'search old', 'search young']);
});
