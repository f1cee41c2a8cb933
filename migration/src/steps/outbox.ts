import { type MigrationDefinition, optionalSetting, type Side } from '@strangler-toolkit/plan';
import {
  connectOutbox,
  disconnectOutbox,
  type OutboxConnection,
  type OutboxStatus,
  outboxStatus as look,
  planOutbox,
} from '../outbox/register-connector.ts';
import { connectUrl, kafkaSettings } from '../stream/kafka/kafka-settings.ts';
import { planned, type Step } from './step.ts';
import type { Toolkit } from './toolkit.ts';

export interface OutboxStepOptions {
  readonly context: string;
  readonly action: 'connect' | 'disconnect';
  /** Whose database holds the outbox (default: the service's). */
  readonly side?: Side;
  readonly table?: string;
  readonly partitions?: number;
}

export interface OutboxStepResult {
  readonly context: string;
  readonly connector: string;
  readonly topics: string;
  readonly state: 'running' | 'removed' | 'absent';
  readonly eventsSent: number;
  readonly differences: readonly string[];
}

function connectionOf(
  kit: Toolkit,
  definition: MigrationDefinition,
  options: OutboxStepOptions,
): OutboxConnection {
  const side = options.side ?? 'service';
  const forConnect = optionalSetting(definition.replication?.databaseForConnect?.[side], kit.env);
  const partitions = options.partitions ?? definition.replication?.partitions;
  return {
    service: options.context,
    url: kit.databaseUrl(definition, side),
    connectUrl: connectUrl(kit.env),
    kafka: kafkaSettings(kit.env, `strangler-outbox-${options.context}`),
    signal: kit.signal,
    ...(forConnect !== undefined && { urlForConnect: forConnect }),
    ...(options.table !== undefined && { table: options.table }),
    ...(partitions !== undefined && { partitions }),
  };
}

/** Lets Debezium carry a context's outbox to Kafka, or no longer. */
export const outbox: Step<OutboxStepOptions, OutboxStepResult> = {
  async execute(kit, options) {
    const { context, action } = options;
    const connection = connectionOf(kit, await kit.definition(context), options);
    if (action === 'connect') {
      const { connector, topics, eventsSent, differences } = await connectOutbox(connection);
      return { context, connector, topics, state: 'running', eventsSent, differences };
    }
    const { connector, topics } = await planOutbox(connection);
    const removed = await disconnectOutbox(connection);
    return {
      context,
      connector,
      topics,
      state: removed.connector === 'absent' && removed.slot === 'absent' ? 'absent' : 'removed',
      eventsSent: 0,
      differences: [],
    };
  },
  async dryRun(kit, options) {
    const { connector, topics, newSlot, newConnector, differences } = await planOutbox(
      connectionOf(kit, await kit.definition(options.context), options),
    );
    if (options.action === 'disconnect')
      return planned([
        ...(newConnector ? [] : [{ action: 'delete the connector', detail: connector }]),
        ...(newSlot ? [] : [{ action: 'drop its replication slot', detail: connector }]),
      ]);
    return planned([
      ...(newSlot
        ? [
            {
              action:
                'publish the outbox, make a replication slot and send the events that the outbox holds',
              detail: topics,
            },
          ]
        : []),
      ...(newConnector
        ? [{ action: 'register the connector', detail: connector }]
        : differences.map((line) => ({ action: 'change the connector', detail: line }))),
    ]);
  },
};

/** Only looks, so there is nothing to try first. */
export async function outboxStatus(
  kit: Toolkit,
  options: Pick<OutboxStepOptions, 'context' | 'side'>,
): Promise<OutboxStatus & { readonly context: string }> {
  return {
    context: options.context,
    ...(await look(
      connectionOf(kit, await kit.definition(options.context), { ...options, action: 'connect' }),
    )),
  };
}
