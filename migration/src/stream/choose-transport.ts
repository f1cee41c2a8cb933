import {
  type Environment,
  isOneWay,
  type MigrationDefinition,
  optionalSetting,
  resolveSetting,
  StranglerError,
} from '@strangler-toolkit/plan';
import { embeddedOneWayTransport, embeddedTransport } from './embedded/embedded-transport.ts';
import { carriedTables, namedKeys } from './kafka/carried-columns.ts';
import { connectUrl, kafkaSettings } from './kafka/kafka-settings.ts';
import { kafkaCarrier, kafkaTransport } from './kafka/kafka-transport.ts';
import type { KafkaTransportSettings } from './kafka/transport-settings.ts';
import type { Transport } from './transport.ts';

const defaultPartitions = 3;
const defaultRetentionHours = 168;

/** How the changes of a context travel. @throws StranglerError CONFIG_ENV_MISSING, CONFIG_INVALID */
function transportKind(definition: MigrationDefinition, env: Environment): Transport['kind'] {
  const setting = definition.replication?.transport;
  const kind =
    setting === undefined
      ? env.STRANGLER_TRANSPORT || 'embedded'
      : resolveSetting(setting, env, `replication.transport of context ${definition.context}`);
  if (kind === 'embedded' || kind === 'kafka') return kind;
  const where =
    typeof setting === 'string'
      ? `contexts/${definition.context}: replication.transport`
      : (setting?.env ?? 'STRANGLER_TRANSPORT');
  throw new StranglerError(
    'CONFIG_INVALID',
    `${where} must be embedded or kafka (is ${JSON.stringify(kind)})`,
  );
}

/** As its transport says, without what the transport itself would need. */
export const carrierOf = (definition: MigrationDefinition, env: Environment): string | undefined =>
  transportKind(definition, env) === 'kafka' ? kafkaCarrier : undefined;

/** Everything that the Kafka transport of a context is told. @throws StranglerError CONFIG_ENV_MISSING, CONFIG_INVALID */
export function kafkaTransportSettings(
  definition: MigrationDefinition,
  env: Environment,
): KafkaTransportSettings {
  const { context, replication = {} } = definition;
  const [forward, reverse] = [
    optionalSetting(replication.databaseForConnect?.monolith, env),
    optionalSetting(replication.databaseForConnect?.service, env),
  ];
  return {
    kafka: kafkaSettings(env, `strangler-${context}`),
    connectUrl: connectUrl(env),
    partitions: replication.partitions ?? defaultPartitions,
    retentionHours: replication.retentionHours ?? defaultRetentionHours,
    connect: replication.connect ?? {},
    databaseForConnect: {
      ...(forward !== undefined && { forward }),
      ...(reverse !== undefined && { reverse }),
    },
    carried: carriedTables(definition),
    keyColumns: namedKeys(definition),
  };
}

/** @throws StranglerError CONFIG_ENV_MISSING, CONFIG_INVALID */
export const chooseTransport = (definition: MigrationDefinition, env: Environment): Transport =>
  transportKind(definition, env) === 'kafka'
    ? kafkaTransport(kafkaTransportSettings(definition, env))
    : isOneWay(definition.data)
      ? embeddedOneWayTransport
      : embeddedTransport;
