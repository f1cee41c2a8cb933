import type pg from 'pg';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import { connect } from '../../src/database/connect.ts';
import { parseTableName } from '../../src/database/identifiers.ts';
import type { ChangeEvent, Lsn } from '../../src/stream/change-event.ts';
import type { ChangeStream, StreamMessage } from '../../src/stream/change-stream.ts';
import {
  createSlot,
  ensurePublication,
  openEmbeddedStream,
  replicationNames,
} from '../../src/stream/index.ts';

export interface TestSource {
  readonly database: TestDatabase;
  readonly client: pg.Client;
  readonly slot: string;
  readonly publication: string;
  /** Where the slot began. */
  readonly position: Lsn;
  open(options?: Partial<Parameters<typeof openEmbeddedStream>[0]>): Promise<ChangeStream>;
  close(): Promise<void>;
}

/** A database with tables, a publication of them and a slot. */
export async function testSource(
  label: string,
  ddl: string,
  tables: readonly string[],
): Promise<TestSource> {
  const database = await createTestDatabase(label);
  const client = await connect(database.url, { applicationName: 'test' });
  await client.query(ddl);
  const { slot, publication } = replicationNames('shop', 'forward', database.name);
  await ensurePublication(client, publication, tables.map(parseTableName));
  const { position } = await createSlot(client, slot);
  const streams: ChangeStream[] = [];
  return {
    database,
    client,
    slot,
    publication,
    position,
    async open(options = {}) {
      const stream = await openEmbeddedStream({
        url: database.url,
        context: 'shop',
        direction: 'forward',
        from: position,
        ...options,
      });
      streams.push(stream);
      return stream;
    },
    async close() {
      for (const stream of streams) await stream.close();
      await client.end();
      await database.drop();
    },
  };
}

export interface ReadTransaction {
  readonly commitLsn: Lsn;
  readonly endLsn: Lsn;
  readonly events: ChangeEvent[];
  readonly chunks: number;
}

/** The next transactions that have events; fails when the stream ends before. */
export async function readTransactions(
  messages: AsyncIterator<StreamMessage>,
  count: number,
): Promise<ReadTransaction[]> {
  const transactions: ReadTransaction[] = [];
  let events: ChangeEvent[] = [];
  let chunks = 0;
  while (transactions.length < count) {
    const { done, value } = await messages.next();
    if (done)
      throw new Error(`the stream ended after ${transactions.length} of ${count} transactions`);
    if (value.kind === 'begin') {
      events = [];
      chunks = 0;
    } else if (value.kind === 'changes') {
      events.push(...value.events);
      chunks += 1;
    } else if (value.kind === 'commit' && events.length > 0)
      transactions.push({ commitLsn: value.commitLsn, endLsn: value.endLsn, events, chunks });
  }
  return transactions;
}
