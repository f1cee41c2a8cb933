import { randomBytes } from 'node:crypto';
import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { databaseName, withConnection } from '../database/connect.ts';
import { databaseFailure } from '../database/failures.ts';
import { parseTableName, quoteTable } from '../database/identifiers.ts';
import { pause } from '../pause.ts';
import { createSlotWithSnapshot, dropSlot, slotStatus } from '../stream/source/index.ts';
import {
  ConnectClient,
  failureOf,
  isRunning,
  traceReason,
} from '../stream/kafka/connect-client.ts';
import { connectDatabase } from '../stream/kafka/connect-database.ts';
import { configDifferences, type ConnectorConfig } from '../stream/kafka/connector-config.ts';
import { createKafka } from '../stream/kafka/kafka-client.ts';
import type { KafkaSettings } from '../stream/kafka/kafka-settings.ts';
import { streamNames } from '../stream/source/replication-names.ts';
import { outboxConnectorConfig } from './connector-config.ts';
import { ensureEventTopics } from './ensure-event-topics.ts';
import { marksTopic } from './event-topics.ts';
import { ensureOutboxPublication } from './outbox-publication.ts';
import { markNewSlot, outboxMarksTable, outboxSlotIsAnother } from '../replica/outbox-marks.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import { sendRetained } from './send-retained.ts';

export interface OutboxConnection {
  /** First part of the topics' names. */
  readonly service: string;
  /** The service's database. */
  readonly url: string;
  /** The same as Kafka Connect reaches it, where that differs. */
  readonly urlForConnect?: string;
  readonly connectUrl: string;
  readonly kafka: KafkaSettings;
  /** Default `outbox`. */
  readonly table?: string;
  /** Of topics that nobody made yet (default 3). */
  readonly partitions?: number;
  readonly signal?: AbortSignal;
}

export interface OutboxPlan {
  readonly connector: string;
  readonly topics: string;
  /** Whether a slot has to be made, and with it the events that the outbox holds sent. */
  readonly newSlot: boolean;
  readonly newConnector: boolean;
  /** What would change at a running connector, a line for each setting. */
  readonly differences: readonly string[];
}

const namesOf = ({
  service,
  url,
}: Pick<OutboxConnection, 'service' | 'url'>): {
  connector: string;
  slot: string;
  unfinished: string;
} => {
  const { slot } = streamNames(service, 'outbox', databaseName(url));
  return {
    connector: slot,
    slot,
    unfinished: streamNames(`${service}>new`, 'outbox', databaseName(url)).slot,
  };
};

interface Look extends OutboxPlan {
  readonly config: ConnectorConfig;
}

async function look(
  options: OutboxConnection,
  client: pg.Client,
  connect: ConnectClient,
): Promise<Look> {
  const { service, url } = options;
  const { connector, slot } = namesOf(options);
  const status = await slotStatus(client, slot);
  const newSlot =
    status === null || status.lost !== null || (await outboxSlotIsAnother(client, connector));
  const running = await connect.config(connector);
  const known = running?.['topic.prefix'];
  const prefix =
    newSlot || known === undefined ? `${connector}_${randomBytes(4).toString('hex')}` : known;
  const database = connectDatabase(
    options.urlForConnect ?? url,
    url,
    `The database of ${service} for Kafka Connect`,
  );
  const config = outboxConnectorConfig({
    service,
    database,
    slot,
    prefix,
    table: parseTableName(options.table ?? 'outbox'),
    partitions: options.partitions ?? 3,
  });
  return {
    connector,
    topics: config['transforms.outbox.route.topic.replacement'] ?? '',
    newSlot,
    newConnector: running === undefined,
    differences: running ? configDifferences(running, config) : [],
    config,
  };
}

const onSource = <T>(
  options: OutboxConnection,
  work: (client: pg.Client, connect: ConnectClient) => Promise<T>,
): Promise<T> =>
  withConnection(options.url, { applicationName: 'strangler-outbox' }, (client) =>
    work(client, new ConnectClient(options.connectUrl, { signal: options.signal })),
  );

/** What connecting would do, without doing it. */
export const planOutbox = (options: OutboxConnection): Promise<OutboxPlan> =>
  onSource(options, async (client, connect) => {
    const { config: _secret, ...plan } = await look(options, client, connect);
    return plan;
  });

/**
 * Publishes the table, makes the slot and registers the connector, or brings a running one up to date; waits until it runs. Runs
 * again without harm, after a crash as well, and mends a slot that was lost: with what the outbox still holds.
 */
export const connectOutbox = (
  options: OutboxConnection,
): Promise<OutboxPlan & { readonly eventsSent: number }> =>
  onSource(options, async (client, connect) => {
    const table = parseTableName(options.table ?? 'outbox');
    await client
      .query(`SELECT FROM ${quoteTable(table)} LIMIT 0`)
      .catch((error: unknown) =>
        Promise.reject(
          databaseFailure(
            error,
            `${options.service} has no outbox (installOutbox of the service kit makes it)`,
          ),
        ),
      );
    await installReplicaSchema(client, 'outbox');
    await ensureOutboxPublication(client, table, outboxMarksTable);
    // The connector would make one with as many partitions as the events have, and marks are a chain.
    await ensureEventTopics(createKafka(options.kafka), [marksTopic(options.service)], 1);
    const { config, ...plan } = await look(options, client, connect);
    const eventsSent = plan.newSlot ? await makeSlot(options, client) : 0;
    if (plan.newConnector || plan.differences.length > 0) await connect.put(plan.connector, config);
    // Connect leaves a failed task as it is until somebody asks.
    else if (failureOf(await connect.status(plan.connector)) !== null)
      await connect.restartFailed(plan.connector);
    await untilStreaming(options, client, connect);
    return { ...plan, eventsSent };
  });

/** The slot gets its name last: whenever it is there, what the outbox held at its beginning has been sent. */
async function makeSlot(options: OutboxConnection, client: pg.Client): Promise<number> {
  const { slot, unfinished } = namesOf(options);
  await dropSlot(client, slot, { timeoutMs: 30_000 });
  await dropSlot(client, unfinished, { timeoutMs: 30_000 });
  const made = await createSlotWithSnapshot(options.url, unfinished, options.signal);
  try {
    const sent = await sendRetained(client, {
      kafka: options.kafka,
      service: options.service,
      table: parseTableName(options.table ?? 'outbox'),
      snapshot: made.snapshot,
      partitions: options.partitions ?? 3,
    });
    await client
      .query('SELECT pg_copy_logical_replication_slot($1, $2)', [unfinished, slot])
      .catch((error: unknown) =>
        Promise.reject(databaseFailure(error, `Cannot create replication slot ${slot}`)),
      );
    await markNewSlot(client, slot);
    return sent;
  } finally {
    await made.close();
    await dropSlot(client, unfinished);
  }
}

/** Removes connector and slot; topics and what is in them stay. */
export const disconnectOutbox = (
  options: OutboxConnection,
): Promise<{ readonly connector: 'deleted' | 'absent'; readonly slot: 'dropped' | 'absent' }> =>
  onSource(options, async (client, connect) => {
    const names = namesOf(options);
    const connector = await connect.delete(names.connector);
    await dropSlot(client, names.unfinished);
    return { connector, slot: await dropSlot(client, names.slot, { timeoutMs: 60_000 }) };
  });

/** A task is called running while it only tries to: what counts is that the slot is read. */
async function untilStreaming(
  options: OutboxConnection,
  client: pg.Client,
  connect: ConnectClient,
): Promise<void> {
  const { connector, slot } = namesOf(options);
  const signal = options.signal ?? new AbortController().signal;
  const deadline = performance.now() + 90_000;
  let failingSince: number | undefined;
  while (!signal.aborted) {
    const status = await connect.status(connector);
    if (isRunning(status) && (await slotStatus(client, slot))?.active) return;
    const failure = failureOf(status);
    // For a moment after a restart the old failure is still told.
    failingSince = failure === null ? undefined : (failingSince ?? performance.now());
    if (failure !== null && failingSince !== undefined && performance.now() - failingSince > 3000)
      throw new StranglerError(
        'CONNECTOR_FAILED',
        `Connector ${connector} failed: ${traceReason(failure)}`,
        { details: { trace: failure } },
      );
    if (performance.now() > deadline)
      throw new StranglerError(
        'TIMEOUT',
        `Connector ${connector} is ${status?.state ?? 'absent'}, but does not read its slot, 90 ` +
          `s after it was registered: look at the log of Kafka Connect`,
      );
    await pause(100, signal);
  }
}

export interface OutboxStatus {
  readonly connector: string;
  readonly topics: string;
  /** What is wrong, in words; `null` when events flow. */
  readonly problem: string | null;
  /** Log that the server keeps until the connector has read it. */
  readonly retainedBytes: string;
}

/** Whether events flow. Connect alone cannot say: a connector that waits for a slot which is gone is called running. */
export const outboxStatus = (options: OutboxConnection): Promise<OutboxStatus> =>
  onSource(options, async (client, connect) => {
    const { connector, topics, newSlot, newConnector } = await look(options, client, connect);
    const slot = await slotStatus(client, namesOf(options).slot);
    const failure = failureOf(await connect.status(connector));
    const problem =
      newSlot && newConnector
        ? 'not connected'
        : newSlot
          ? `replication slot ${connector} is ` +
            `${slot === null ? 'gone' : `lost (${slot.lost ?? ''})`}: events do not flow, and ` +
            `some may be missing`
          : newConnector
            ? `the connector is gone, and its slot keeps the log`
            : failure !== null
              ? `the connector failed: ${traceReason(failure)}`
              : slot?.active
                ? null
                : 'the connector does not read its slot: look at the log of Kafka Connect';
    return { connector, topics, problem, retainedBytes: String(slot?.retainedBytes ?? 0n) };
  });
