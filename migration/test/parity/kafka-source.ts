import { sharedKafka, createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { connect } from '../../src/database/connect.ts';
import { parseTableName } from '../../src/database/identifiers.ts';
import { installReplicaSchema } from '../../src/replica/schema.ts';
import type { ChangeEvent, Lsn } from '../../src/stream/change-event.ts';
import type { ChangeStream, Checkpoint, StreamMessage } from '../../src/stream/change-stream.ts';
import {
  createSlot,
  embeddedTransport,
  ensurePublication,
  replicationNames,
} from '../../src/stream/index.ts';
import { ConnectClient } from '../../src/stream/kafka/connect-client.ts';
import { kafkaTransport } from '../../src/stream/kafka/kafka-transport.ts';
import { readStreamNote } from '../../src/replica/heartbeats.ts';
import type { KafkaTransportSettings } from '../../src/stream/kafka/transport-settings.ts';
import { withAdmin } from '../../src/stream/kafka/kafka-client.ts';
import type { SourceTable, StreamSource, Transport } from '../../src/stream/transport.ts';

export interface Opened {
  readonly stream: ChangeStream;
  readonly messages: AsyncIterator<StreamMessage>;
  /** What a worker would have stored for the messages so far. */
  readonly checkpoint: Checkpoint;
}

/** One stream of a test's source. */
export interface Leg extends AsyncDisposable {
  readonly transport: Transport;
  readonly source: StreamSource;
  readonly tables: readonly SourceTable[];
  readonly slot: string;
  readonly publication: string;
  readonly position: Lsn;
  open(options?: { from?: Lsn; checkpoint?: Checkpoint; signal?: AbortSignal }): Promise<Opened>;
}

export interface KafkaLeg extends Leg {
  /** Connector, topic prefix and group. */
  readonly name: string;
  readonly connect: ConnectClient;
  readonly settings: KafkaTransportSettings;
}

async function kafkaSettingsForTests(
  extra: Partial<KafkaTransportSettings> = {},
): Promise<KafkaTransportSettings> {
  const { brokers, connectUrl } = await sharedKafka();
  return {
    kafka: { brokers: brokers.split(','), clientId: 'test' },
    connectUrl,
    partitions: 3,
    retentionHours: 24,
    connect: {},
    databaseForConnect: {},
    keyColumns: { forward: new Map(), reverse: new Map() },
    ...extra,
  };
}

export async function testDatabase(
  label: string,
  ddl: string,
): Promise<{ database: TestDatabase; client: pg.Client } & AsyncDisposable> {
  const database = await createTestDatabase(label);
  const client = await connect(database.url, { applicationName: 'test' });
  await client.query(ddl);
  return {
    database,
    client,
    async [Symbol.asyncDispose]() {
      await client.end();
      await database.drop();
    },
  };
}

const never = new AbortController().signal;

async function openLeg<T extends Transport>(
  transport: T,
  url: string,
  context: string,
  names: readonly string[],
): Promise<Omit<Leg, 'transport'> & { transport: T }> {
  const client = await connect(url, { applicationName: `test-${transport.kind}` });
  await installReplicaSchema(client);
  const source: StreamSource = { context, direction: 'forward', url, client };
  const { slot, publication } = replicationNames(context, 'forward', client.database ?? '');
  const tables = [...names.map(parseTableName), ...transport.ownTables];
  await transport.announce(source);
  await ensurePublication(client, publication, tables);
  const { position } = await createSlot(client, slot);
  await transport.ensure(source, { tables, signal: never });
  const streams: ChangeStream[] = [];
  return {
    transport,
    source,
    tables,
    slot,
    publication,
    position,
    async open({ from = position, checkpoint = {}, signal = never } = {}) {
      const stream = await transport.open(source, { from, checkpoint, tables, signal });
      streams.push(stream);
      const stored: Record<string, string> = { ...checkpoint };
      const messages = (async function* () {
        for await (const message of stream) {
          if (
            (message.kind === 'commit' || message.kind === 'idle') &&
            message.checkpoint !== undefined
          )
            Object.assign(stored, message.checkpoint);
          yield message;
        }
      })();
      return { stream, messages, checkpoint: stored };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(streams.map((stream) => stream.close()));
      await transport.remove(source);
      await client.end();
    },
  };
}

export const embeddedLeg = (
  url: string,
  context: string,
  tables: readonly string[],
): Promise<Leg> => openLeg(embeddedTransport, url, context, tables);

export async function kafkaLeg(
  url: string,
  context: string,
  tables: readonly string[],
  extra: Partial<KafkaTransportSettings> = {},
): Promise<KafkaLeg> {
  const settings = await kafkaSettingsForTests(extra);
  const leg = await openLeg(kafkaTransport(settings), url, context, tables);
  const note = await readStreamNote(leg.source.client, context, 'forward');
  if (note === null) throw new Error('the stream has no name');
  return {
    ...leg,
    name: note.name,
    connect: new ConnectClient(settings.connectUrl),
    settings,
    async [Symbol.asyncDispose]() {
      await leg[Symbol.asyncDispose]();
      await withAdmin(settings.kafka, 'clean up', (admin) => admin.deleteGroups([note.name])).catch(
        () => undefined,
      );
    },
  };
}

export interface Transaction {
  readonly xid: number;
  readonly commitTime: bigint;
  readonly commitLsn: Lsn;
  readonly endLsn: Lsn;
  readonly events: readonly ChangeEvent[];
  readonly checkpoint: Checkpoint | undefined;
}

/** The next transaction that has changes. */
export async function nextTransaction(
  messages: AsyncIterator<StreamMessage>,
): Promise<Transaction> {
  let events: ChangeEvent[] = [];
  let begin: { xid: number; commitTime: bigint } | undefined;
  for (;;) {
    const { done, value } = await messages.next();
    if (done) throw new Error('the stream ended');
    if (value.kind === 'begin') {
      begin = value;
      events = [];
    } else if (value.kind === 'changes') {
      if (begin === undefined) throw new Error('changes outside of a transaction');
      events.push(...value.events);
    } else if (value.kind === 'commit') {
      if (begin === undefined) throw new Error('a commit without begin');
      if (events.length > 0)
        return {
          ...begin,
          commitLsn: value.commitLsn,
          endLsn: value.endLsn,
          events,
          checkpoint: value.checkpoint,
        };
      begin = undefined;
    }
  }
}

/** All transactions up to the one that `last` recognises, which is the last of them. */
export async function transactionsUntil(
  messages: AsyncIterator<StreamMessage>,
  last: (transaction: Transaction) => boolean,
): Promise<Transaction[]> {
  const all: Transaction[] = [];
  for (;;) {
    const transaction = await nextTransaction(messages);
    all.push(transaction);
    if (last(transaction)) return all;
  }
}

/** What is equal on both transports: everything but positions in the transport and the log. */
export const comparable = ({ xid, commitTime, events }: Transaction) => ({
  xid,
  commitTime,
  events: events.map(
    ({
      op,
      before,
      after,
      source: { schema, table, txId, ts_us, db, connector },
      position: { index },
    }) => ({ op, before, after, schema, table, txId, ts_us, db, connector, index }),
  ),
});

/** The code of what `work` fails with. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof Error && 'code' in error
      ? String(error.code)
      : `no code: ${String(error)}`;
  }
  return 'no failure';
}
