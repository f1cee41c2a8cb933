import { sourceOf, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { currentLsn } from '../../database/current-lsn.ts';
import { displayTable } from '../../database/identifiers.ts';
import { pause, throwIfCancelled } from '../../pause.ts';
import type {
  ResyncCount,
  ResyncWatch,
  SourceTable,
  StreamEnds,
  TableResync,
} from '../transport.ts';
import { ConnectClient, failureOf } from './connect-client.ts';
import { connectorFailure } from './connector-failure.ts';
import { snapshotState, startSnapshot, stopSnapshot } from './incremental-snapshot.ts';
import { countChunks, forgetSignals } from '../../replica/signals.ts';
import { type Checkpoint, readStreamRow } from '../../replica/streams.ts';
import { readStreamNote } from '../../replica/heartbeats.ts';
import { carriedKeys } from './carried-columns.ts';
import { countResyncRows } from './resync-tables.ts';
import { tableTopics } from './topic-names.ts';
import { readTopicOffsets } from './topic-offsets.ts';
import type { KafkaTransportSettings } from './transport-settings.ts';

interface Resync {
  readonly ends: StreamEnds;
  readonly settings: KafkaTransportSettings;
  readonly watch: ResyncWatch;
  readonly connect: ConnectClient;
  readonly connector: string;
  readonly tables: readonly SourceTable[];
  readonly rows: number;
  /** Connected to the source. */
  readonly client: pg.Client;
}

const named = (tables: readonly SourceTable[]): string => tables.map(displayTable).join(', ');

/** Asks Debezium to read tables again, in chunks between the changes, and waits until all of it is applied. */
export const kafkaResync = (settings: KafkaTransportSettings, ends: StreamEnds): TableResync => ({
  plan: (tables) => [
    {
      action: `signal the connector to read again on the ${sourceOf(ends.direction)}`,
      detail: named(tables),
    },
    { action: 'apply the rows while changes go on' },
    { action: "remove the signal's rows" },
  ],
  run: (tables, watch) =>
    ends.withSource(async ({ client }) => {
      const note = await readStreamNote(client, ends.context, ends.direction);
      if (note === null)
        throw new StranglerError(
          'WORKER_NOT_RUNNING',
          `${ends.context} has no stream through Kafka yet`,
        );
      const resync: Resync = {
        ends,
        settings,
        watch,
        tables,
        client,
        connector: note.name,
        rows: await countResyncRows(
          client,
          ends.context,
          tables,
          carriedKeys(settings.carried?.[ends.direction]),
        ),
        connect: new ConnectClient(settings.connectUrl, { timeoutMs: 30_000, busyMs: 30_000 }),
      };
      await assertPossible(resync);
      await watch.begun();
      return readAgain(resync);
    }),
});

/** Every loop asks whether it can still come to an end. */
async function assertPossible({ ends, watch, connect, connector }: Resync): Promise<void> {
  throwIfCancelled(ends.signal);
  const failure = failureOf(await connect.status(connector));
  if (failure !== null) throw connectorFailure(connector, failure);
  await watch.assertWorker();
}

async function readAgain(resync: Resync): Promise<ResyncCount> {
  const { watch, client, tables } = resync;
  const ids: string[] = [];
  // What a resync that was killed left behind would be counted.
  await forgetSignals(client, []);
  const before = total(await topicEnds(resync));
  let over = false;
  try {
    ids.push(await startSnapshot(client, tables));
    const chunks = await untilRead(resync, before);
    over = true;
    const end = await topicEnds(resync);
    await untilApplied(resync, end);
    return { chunks, messages: total(end) - before };
  } catch (error) {
    if (!over) {
      watch.tell('asking the connector to stop reading', 'note');
      ids.push(await stopSnapshot(client, tables));
    }
    throw error;
  } finally {
    await forgetSignals(client, ids).catch(() => undefined);
  }
}

async function topicEnds({ settings, connector, tables }: Resync): Promise<Map<string, number>> {
  const topics = [...tableTopics(connector, tables).keys()];
  const offsets = await readTopicOffsets(settings.kafka, topics);
  return new Map(
    [...offsets].flatMap(([topic, partitions]) =>
      partitions.map(({ partition, high }) => [`${topic}/${partition}`, high] as const),
    ),
  );
}

const total = (offsets: ReadonlyMap<string, number>): number =>
  [...offsets.values()].reduce((sum, offset) => sum + offset, 0);

/** Until the connector has passed the signal and is in no snapshot any more. */
async function untilRead(resync: Resync, before: number): Promise<number> {
  const { ends, watch, client, connect, connector, tables, rows } = resync;
  const signalled = await currentLsn(client);
  for (;;) {
    await assertPossible(resync);
    const { position, running } = await snapshotState(connect, connector);
    const chunks = await countChunks(client);
    if (position >= signalled && !running) return chunks;
    const read = total(await topicEnds(resync)) - before;
    watch.tell(`${named(tables)}: ${chunks} chunks, ${read} rows read of about ${rows}`, 'update');
    await pauseOrThrow(500, ends.signal);
  }
}

async function untilApplied(resync: Resync, end: ReadonlyMap<string, number>): Promise<void> {
  const { ends, watch, tables } = resync;
  await ends.withTarget(async (target) => {
    for (;;) {
      const stored = await readStreamRow(target, ends.context, ends.direction);
      const applied: Checkpoint = stored?.checkpoint ?? {};
      const waiting = [...end].reduce(
        (sum, [partition, offset]) => sum + Math.max(0, offset - Number(applied[partition] ?? 0)),
        0,
      );
      if (waiting === 0) return;
      await assertPossible(resync);
      watch.tell(`${named(tables)}: ${waiting} rows not applied yet`, 'update');
      await pauseOrThrow(200, ends.signal);
    }
  });
}

async function pauseOrThrow(milliseconds: number, signal: AbortSignal): Promise<void> {
  await pause(milliseconds, signal);
  throwIfCancelled(signal);
}
