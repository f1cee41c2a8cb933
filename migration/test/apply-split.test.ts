import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { Applier } from '../src/apply/applier.ts';
import { prepareApplySession } from '../src/apply/apply-session.ts';
import { listDeadLetters } from '../src/replica/dead-letters.ts';
import { openStreamRow } from '../src/replica/streams.ts';
import { connect } from '../src/database/connect.ts';
import { installReplicaSchema } from '../src/replica/schema.ts';
import { loadMapping } from '../src/mapping/load.ts';
import type { ChangeEvent, Operation, Row } from '../src/stream/change-event.ts';
import type { StreamMessage } from '../src/stream/change-stream.ts';

let monolith: TestDatabase;
let service: TestDatabase;
const clients: pg.Client[] = [];

beforeAll(async () => {
  monolith = await createTestDatabase('monolith');
  service = await createTestDatabase('service');
});

afterAll(async () => {
  for (const client of clients) await client.end().catch(() => undefined);
  await monolith?.drop();
  await service?.drop();
});

async function open(url: string): Promise<pg.Client> {
  const client = await connect(url, { applicationName: 'test' });
  clients.push(client);
  return client;
}

const changes = (
  commitLsn: bigint,
  rows: readonly (readonly [Operation, string, Row])[],
): StreamMessage => ({
  kind: 'changes',
  size: rows.length,
  events: rows.map(([op, table, row], index): ChangeEvent => ({
    op,
    before: op === 'd' ? row : null,
    after: op === 'd' ? null : row,
    source: {
      connector: 'postgresql',
      db: 'd',
      schema: 'public',
      table,
      txId: 1,
      lsn: commitLsn,
      ts_us: 0n,
    },
    position: { commitLsn, index },
  })),
});
const begin = (commitLsn: bigint): StreamMessage => ({
  kind: 'begin',
  commitLsn,
  commitTime: 0n,
  xid: 1,
});
const commit = (commitLsn: bigint): StreamMessage => ({
  kind: 'commit',
  commitLsn,
  endLsn: commitLsn + 5n,
  commitTime: 0n,
});

test('a large transaction writes rows whole whose parts come far from each other', async () => {
  const target = await open(monolith.url);
  const source = await open(service.url);
  await target.query(
    'CREATE TABLE products (id bigint PRIMARY KEY, name text NOT NULL, body text NOT NULL, origin text NOT NULL, seen int DEFAULT 7)',
  );
  await source.query(
    'CREATE TABLE goods (id bigint PRIMARY KEY, name text); CREATE TABLE details (id bigint PRIMARY KEY, body text)',
  );
  await installReplicaSchema(target);
  const mapping = await loadMapping(
    {
      context: 'catalog',
      data: 'replicated',
      monolith: { url: '' },
      service: { url: '' },
      routes: [],
      tables: [
        {
          monolith: 'products',
          service: [
            { table: 'goods', columns: { id: 'id', name: 'name' } },
            { table: 'details', columns: { id: 'id', body: 'body' } },
          ],
          leave: {
            origin: { onReturn: { value: 'the service' }, reason: 'the service does not know it' },
            seen: { onReturn: 'default', reason: 'the monolith counts' },
          },
        },
      ],
    },
    target,
    source,
  );
  await openStreamRow(
    target,
    { context: 'catalog', direction: 'reverse' },
    { epoch: 1n, position: 100n },
  );
  const session = await open(monolith.url);
  await prepareApplySession(session, null);
  const applier = new Applier({
    client: session,
    mapping,
    context: 'catalog',
    direction: 'reverse',
    epoch: 1n,
    chunkEvents: 3,
  });
  const ids = ['1', '2', '3', '4'];
  const rows = async (): Promise<unknown[]> =>
    (
      await target.query({
        text: 'SELECT id, name, body FROM products ORDER BY id',
        rowMode: 'array',
      })
    ).rows;

  const goods = changes(
    110n,
    ids.map((id) => ['c', 'goods', { id, name: `n${id}` }] as const),
  );
  expect(await applier.apply([begin(110n), goods])).toBeNull();
  await applier.apply([
    changes(
      110n,
      ids.map((id) => ['c', 'details', { id, body: `b${id}` }] as const),
    ),
    commit(110n),
  ]);
  expect(await rows()).toEqual(ids.map((id) => [id, `n${id}`, `b${id}`]));
  // What stays behind gets what the file says, of a new row.
  const left = await target.query('SELECT DISTINCT origin, seen FROM products');
  expect(left.rows).toEqual([{ origin: 'the service', seen: '7' }]);

  expect(
    await applier.apply([
      begin(120n),
      changes(
        120n,
        ids.map((id) => ['d', 'details', { id }] as const),
      ),
    ]),
  ).toBeNull();
  await applier.apply([
    changes(
      120n,
      ids.map((id) => ['d', 'goods', { id }] as const),
    ),
    commit(120n),
  ]);
  expect(await rows()).toEqual([]);
  expect(await listDeadLetters(target, { context: 'catalog' })).toEqual([]);
});
