import {
  type Direction,
  directionFrom,
  isStranglerError,
  type MigrationDefinition,
  sourceOf,
  StranglerError,
  targetOf,
} from '@strangler-toolkit/plan';
import type pg from 'pg';
import { readTable } from '../database/catalog.ts';
import { currentLsn } from '../database/current-lsn.ts';
import { displayTable, parseTableName, type TableName } from '../database/identifiers.ts';
import { kafkaTransportSettings } from '../stream/choose-transport.ts';
import { ConnectClient, failureOf } from '../stream/kafka/connect-client.ts';
import {
  countChunks,
  forgetSignals,
  snapshotState,
  startSnapshot,
  stopSnapshot,
} from '../stream/kafka/incremental-snapshot.ts';
import { connectorFailure, type KafkaTransportSettings } from '../stream/kafka/kafka-transport.ts';
import { readStreamNote } from '../stream/kafka/stream-name.ts';
import { tableTopics } from '../stream/kafka/topic-names.ts';
import { readTopicOffsets } from '../stream/kafka/topic-offsets.ts';
import { planned, type Step } from './step.ts';
import { throwIfCancelled, type Toolkit } from './toolkit.ts';

export interface ResyncOptions {
  readonly context: string;
  /** As the context file names it, on the side of the monolith. */
  readonly table: string;
}

export interface ResyncResult {
  readonly context: string;
  readonly direction: Direction;
  readonly tables: readonly string[];
  readonly chunks: number;
  /** Rows and changes that came through the tables' topics meanwhile. */
  readonly messages: number;
  readonly seconds: number;
}

interface Resync {
  readonly kit: Toolkit;
  readonly definition: MigrationDefinition;
  readonly direction: Direction;
  readonly settings: KafkaTransportSettings;
  readonly connect: ConnectClient;
  readonly connector: string;
  readonly tables: readonly TableName[];
  readonly rows: number;
  /** Connected to the owner. */
  readonly client: pg.Client;
  readonly signal: AbortSignal;
}

async function look(
  kit: Toolkit,
  { context, table }: ResyncOptions,
): Promise<{ definition: MigrationDefinition; direction: Direction; tables: TableName[] }> {
  const definition = await kit.definition(context);
  const row = await kit.row(definition);
  if (definition.data !== 'replicated' || row.stage === 'monolith' || row.stage === 'retired')
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${context} is at stage ${row.stage} with data '${definition.data}': nothing is replicated`,
    );
  if (kit.transport(definition).kind !== 'kafka') {
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      'resync asks Debezium to read a table again, and this context streams without it (transport embedded)',
      {
        remedy: `Find the rows that differ: strangler verify ${context} --json; then send them again: strangler verify ${context} --repair --keys <table:key> …`,
      },
    );
  }
  const direction = directionFrom(row.owner);
  const wanted = displayTable(parseTableName(table));
  const mapped = (definition.tables ?? []).find(
    ({ monolith }) => displayTable(parseTableName(monolith)) === wanted,
  );
  if (!mapped)
    throw new StranglerError(
      'USAGE',
      `${context} maps no table ${wanted} of the monolith: it has ${(definition.tables ?? []).map(({ monolith }) => monolith).join(', ')}`,
    );
  return {
    definition,
    direction,
    tables: (direction === 'forward'
      ? [mapped.monolith]
      : mapped.service.map((part) => part.table)
    ).map(parseTableName),
  };
}

/** Every loop asks whether it can still come to an end. */
async function stillPossible({
  kit,
  definition,
  direction,
  connect,
  connector,
  signal,
}: Resync): Promise<void> {
  throwIfCancelled(signal);
  const failure = failureOf(await connect.status(connector));
  if (failure !== null) throw connectorFailure(connector, failure);
  const watermark = await (await kit.control()).watermarks.get(definition.context, direction);
  if (!watermark?.workerAlive)
    throw new StranglerError(
      'WORKER_NOT_RUNNING',
      `No worker applies the ${direction} stream of ${definition.context}`,
    );
}

async function ends({ settings, connector, tables }: Resync): Promise<Map<string, number>> {
  const offsets = await readTopicOffsets(settings.kafka, [
    ...tableTopics(connector, tables).keys(),
  ]);
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
  const { kit, client, connect, connector, tables, rows, signal } = resync;
  const signalled = await currentLsn(client);
  for (;;) {
    await stillPossible(resync);
    const { position, running } = await snapshotState(connect, connector);
    const chunks = await countChunks(client);
    if (position >= signalled && !running) return chunks;
    kit.tell(
      'resync',
      `${tables.map(displayTable).join(', ')}: ${chunks} chunks, ${total(await ends(resync)) - before} rows read of about ${rows}`,
      'update',
    );
    await kit.pause(500, signal);
  }
}

async function untilApplied(resync: Resync, end: ReadonlyMap<string, number>): Promise<void> {
  const { kit, definition, direction, tables, signal } = resync;
  await kit.withDatabase(definition, targetOf(direction), async (target) => {
    for (;;) {
      const { rows } = await target.query<{ checkpoint: string }>(
        'SELECT checkpoint::text AS checkpoint FROM strangler.streams WHERE context = $1 AND direction = $2',
        [definition.context, direction],
      );
      const checkpoint = JSON.parse(rows[0]?.checkpoint ?? '{}') as Record<string, string>;
      const waiting = [...end].reduce(
        (sum, [partition, offset]) =>
          sum + Math.max(0, offset - Number(checkpoint[partition] ?? 0)),
        0,
      );
      if (waiting === 0) return;
      await stillPossible(resync);
      kit.tell(
        'resync',
        `${tables.map(displayTable).join(', ')}: ${waiting} rows not applied yet`,
        'update',
      );
      await kit.pause(200, signal);
    }
  });
}

async function run(
  resync: Resync,
): Promise<Omit<ResyncResult, 'context' | 'direction' | 'tables' | 'seconds'>> {
  const { kit, client, tables } = resync;
  const ids: string[] = [];
  // What a resync that was killed left behind would be counted.
  await forgetSignals(client, []);
  const before = total(await ends(resync));
  let over = false;
  try {
    ids.push(await startSnapshot(client, tables));
    const chunks = await untilRead(resync, before);
    over = true;
    const end = await ends(resync);
    await untilApplied(resync, end);
    return { chunks, messages: total(end) - before };
  } catch (error) {
    if (!over) {
      kit.tell('resync', 'asking the connector to stop reading', 'note');
      ids.push(await stopSnapshot(client, tables));
    }
    throw error;
  } finally {
    await forgetSignals(client, ids).catch(() => undefined);
  }
}

/** Reads one table again at the owner and applies its rows, while changes go on. Rows that only the other side has stay there: verify finds them. */
export const resync: Step<ResyncOptions, ResyncResult> = {
  async execute(kit, options) {
    const { definition, direction, tables } = await look(kit, options);
    const { context } = definition;
    const settings = kafkaTransportSettings(definition, kit.env);
    const control = await kit.control();
    const began = performance.now();
    return kit.withLease(context, 'resync', (_lease, signal) =>
      kit.withDatabase(definition, sourceOf(direction), async (client) => {
        const note = await readStreamNote(client, context, direction);
        if (note === null)
          throw new StranglerError(
            'WORKER_NOT_RUNNING',
            `${context} has no stream through Kafka yet`,
          );
        const catalogs = await Promise.all(tables.map((table) => readTable(client, table)));
        const keyless = catalogs.find(({ primaryKey }) => primaryKey.length === 0);
        if (keyless)
          throw new StranglerError(
            'MOVE_NOT_ALLOWED',
            `${displayTable(keyless)} has no primary key, by which Debezium would read it in chunks`,
            {
              remedy: `Find the rows that differ: strangler verify ${context} --json; then: strangler verify ${context} --repair --keys <table:key> …`,
            },
          );
        const work: Resync = {
          kit,
          definition,
          direction,
          settings,
          connector: note.name,
          tables,
          client,
          signal,
          rows: catalogs.reduce((sum, { estimatedRows }) => sum + estimatedRows, 0),
          connect: new ConnectClient(settings.connectUrl, { timeoutMs: 30_000, busyMs: 30_000 }),
        };
        await stillPossible(work);
        const names = tables.map(displayTable);
        await control.journal.append({
          context,
          actor: kit.actor,
          step: 'resync',
          status: 'started',
          detail: { tables: names, direction },
        });
        try {
          const read = await run(work);
          await control.journal.append({
            context,
            actor: kit.actor,
            step: 'resync',
            status: 'done',
            detail: { tables: names, ...read },
          });
          return {
            context,
            direction,
            tables: names,
            ...read,
            seconds: (performance.now() - began) / 1000,
          };
        } catch (error) {
          await control.journal
            .append({
              context,
              actor: kit.actor,
              step: 'resync',
              status: 'failed',
              detail: { tables: names, code: isStranglerError(error) ? error.code : 'INTERNAL' },
            })
            .catch(() => undefined);
          throw error;
        }
      }),
    );
  },
  async dryRun(kit, options) {
    const { direction, tables } = await look(kit, options);
    return planned([
      {
        action: `signal the connector to read again on the ${sourceOf(direction)}`,
        detail: tables.map(displayTable).join(', '),
      },
      'apply the rows while changes go on',
      "remove the signal's rows",
    ]);
  },
};
