import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { Applier } from '../src/apply/applier.ts';
import { prepareApplySession } from '../src/apply/apply-session.ts';
import { openStreamRow } from '../src/replica/streams.ts';
import { connect } from '../src/database/connect.ts';
import { installReplicaSchema } from '../src/replica/schema.ts';
import { loadMapping } from '../src/mapping/load.ts';
import type { ChangeEvent } from '../src/stream/change-event.ts';
import type { StreamMessage } from '../src/stream/change-stream.ts';
import { MessageQueue } from '../src/stream/message-queue.ts';
import { MessageBuffer } from '../src/worker/message-buffer.ts';

let database: TestDatabase;
let client: pg.Client;
let session: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase('memory');
  client = await connect(database.url, { applicationName: 'test' });
  session = await connect(database.url, { applicationName: 'test' });
  await client.query('CREATE TABLE items (id bigint PRIMARY KEY, name text)');
  await installReplicaSchema(client);
  await prepareApplySession(session, null);
  await openStreamRow(
    client,
    { context: 'items', direction: 'forward' },
    { epoch: 1n, position: 100n },
  );
});

afterAll(async () => {
  await client?.end();
  await session?.end();
  await database?.drop();
});

test('one transaction of a million rows passes in bounded pieces, and is visible as one', async () => {
  const mapping = await loadMapping(
    {
      context: 'items',
      data: 'replicated',
      monolith: { url: '' },
      service: { url: '' },
      routes: [],
      tables: [
        { monolith: 'items', service: [{ table: 'items', columns: { id: 'id', name: 'name' } }] },
      ],
    },
    client,
    client,
  );
  const applier = new Applier({
    client: session,
    mapping,
    context: 'items',
    direction: 'forward',
    epoch: 1n,
  });
  const rows = 1_000_000;
  const chunk = 1000;
  const high = 500_000;
  let room = true;
  const queue = new MessageQueue(
    high,
    () => {
      room = false;
    },
    () => {
      room = true;
    },
  );
  const buffer = new MessageBuffer({ take: () => queue.take() });
  const source = {
    connector: 'postgresql',
    db: 'd',
    schema: 'public',
    table: 'items',
    txId: 1,
    lsn: 200n,
    ts_us: 0n,
  } as const;
  const reading = (async () => {
    queue.push({ kind: 'begin', commitLsn: 200n, commitTime: 0n, xid: 1 }, 0);
    for (let from = 0; from < rows; from += chunk) {
      while (!room) await new Promise(setImmediate);
      const events = Array.from({ length: chunk }, (_, index): ChangeEvent => ({
        op: 'c',
        before: null,
        after: { id: String(from + index), name: `n${from + index}` },
        source,
        position: { commitLsn: 200n, index: from + index },
      }));
      queue.push({ kind: 'changes', events, size: chunk * 40 }, chunk * 40);
    }
    queue.push({ kind: 'commit', commitLsn: 200n, endLsn: 300n, commitTime: 0n }, 0);
  })();
  const count = async (): Promise<string | undefined> =>
    (await client.query<{ n: string }>('SELECT count(*) AS n FROM items')).rows[0]?.n;
  const events = (messages: readonly StreamMessage[]): number =>
    messages.reduce(
      (sum, message) => sum + (message.kind === 'changes' ? message.events.length : 0),
      0,
    );
  let largest = 0;
  let pieces = 0;
  let applied = null;
  while (applied === null) {
    const messages = await buffer.take();
    largest = Math.max(largest, events(messages));
    pieces += 1;
    applied = await applier.apply(messages);
    if (pieces === 20) expect(await count()).toBe('0');
  }
  await reading;
  expect(applied).toMatchObject({ position: 300n, rows });
  expect(await count()).toBe(String(rows));
  // the limit of one transaction's events, and what the queue may hold beside
  expect(largest).toBeLessThanOrEqual(10_000 + high / 40 + 2 * chunk);
  expect(pieces).toBeGreaterThan(30);
});
