import { replicaSchema } from '../../replica/schema.ts';
import { StranglerError } from '@strangler-toolkit/plan';
import type { Admin } from 'kafkajs';
import type { SourceTable } from '../transport.ts';
import { maxMessageBytes } from './connector-config.ts';
import { makeTopics } from './make-topics.ts';
import { heartbeatTopic, streamOf, tableTopics, transactionTopic } from './topic-names.ts';

export interface TopicWish {
  readonly topic: string;
  readonly partitions: number;
  readonly settings: Readonly<Record<string, string>>;
}

const hour = 3_600_000;

/** All topics of a stream. The toolkit's own tables change little: one partition is enough for them. */
export function wantedTopics(
  stream: string,
  tables: readonly SourceTable[],
  { partitions, retentionHours }: { readonly partitions: number; readonly retentionHours: number },
): TopicWish[] {
  const settings = {
    'cleanup.policy': 'delete',
    'retention.ms': String(Math.round(retentionHours * hour)),
    'retention.bytes': '-1',
    'max.message.bytes': String(maxMessageBytes),
  };
  return [
    ...[...tableTopics(stream, tables)].map(([topic, { schema }]) => ({
      topic,
      partitions: schema === replicaSchema ? 1 : partitions,
      settings,
    })),
    { topic: transactionTopic(stream), partitions: 1, settings },
    // Nobody reads it: Debezium wants it for its beats.
    {
      topic: heartbeatTopic(stream),
      partitions: 1,
      settings: {
        'cleanup.policy': 'delete',
        'retention.ms': String(hour),
        'retention.bytes': '-1',
      },
    },
  ];
}

export interface TopicState {
  readonly topic: string;
  /** 0: it does not exist. */
  readonly partitions: number;
  readonly settings: Readonly<Record<string, string>>;
  /** Those of the topic itself; the rest are the brokers'. */
  readonly own: Readonly<Record<string, string>>;
}

// ConfigSource.TOPIC_CONFIG, without loading kafkajs for a number
const ofTopic = 1;

export async function readTopics(
  admin: Admin,
  wanted: readonly TopicWish[],
): Promise<TopicState[]> {
  const present = new Set(await admin.listTopics());
  const names = wanted.map(({ topic }) => topic).filter((topic) => present.has(topic));
  if (names.length === 0)
    return wanted.map(({ topic }) => ({ topic, partitions: 0, settings: {}, own: {} }));
  const { topics } = await admin.fetchTopicMetadata({ topics: names });
  // ConfigResourceTypes.TOPIC, without loading kafkajs for a number
  const configs = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: 2, name })),
  });
  return wanted.map(({ topic }) => {
    const entries =
      configs.resources.find(({ resourceName }) => resourceName === topic)?.configEntries ?? [];
    const valuesOf = (some: typeof entries): Record<string, string> =>
      Object.fromEntries(some.map(({ configName, configValue }) => [configName, configValue]));
    return {
      topic,
      partitions: topics.find(({ name }) => name === topic)?.partitions.length ?? 0,
      settings: valuesOf(entries),
      own: valuesOf(entries.filter(({ configSource }) => Number(configSource) === ofTopic)),
    };
  });
}

/** What is wrong with the topics that exist, in words. */
export const topicDifferences = (
  wanted: readonly TopicWish[],
  found: readonly TopicState[],
): { readonly topic: string; readonly line: string; readonly mendable: boolean }[] =>
  wanted.flatMap((wish) => {
    const state = found.find(({ topic }) => topic === wish.topic);
    if (!state || state.partitions === 0) return [];
    return [
      ...(state.partitions === wish.partitions
        ? []
        : [
            {
              topic: wish.topic,
              line: `topic ${wish.topic} has ${state.partitions} partitions, not ${wish.partitions}`,
              mendable: false,
            },
          ]),
      ...Object.entries(wish.settings)
        .filter(
          ([name, value]) => state.settings[name] !== undefined && state.settings[name] !== value,
        )
        .map(([name, value]) => ({
          topic: wish.topic,
          line: `topic ${wish.topic}: ${name} ${state.settings[name]} → ${value}`,
          mendable: true,
        })),
    ];
  });

/**
 * Makes what is missing and sets settings right. `expected`: the stream has run before, so a topic that is missing has lost changes,
 * but for those of tables that only come to it now.
 * @throws StranglerError CONFIG_INVALID, POSITION_GAP
 */
export async function ensureTopics(
  admin: Admin,
  wanted: readonly TopicWish[],
  {
    expected,
    coming,
    onDifference,
  }: {
    readonly expected: boolean;
    readonly coming?: ReadonlySet<string>;
    readonly onDifference?: ((lines: readonly string[]) => void) | undefined;
  },
): Promise<void> {
  const found = await readTopics(admin, wanted);
  const missing = wanted.filter(
    ({ topic }) => found.find((state) => state.topic === topic)?.partitions === 0,
  );
  const gone = missing.flatMap(({ topic }) => (coming?.has(topic) === true ? [] : [topic]));
  if (expected && gone.length > 0)
    throw new StranglerError(
      'POSITION_GAP',
      `Topic ${gone.join(', ')} is gone, with the changes that it held`,
      {
        details: { topics: gone },
        remedy: 'Run strangler replicate <context> --restart, which copies anew.',
      },
    );
  const differences = topicDifferences(wanted, found);
  const wrong = differences.find(({ mendable }) => !mendable);
  if (wrong)
    throw new StranglerError(
      'CONFIG_INVALID',
      `${wrong.line}: the number of partitions is fixed when replication begins`,
      {
        remedy:
          'Set replication.partitions of the context file back, or run strangler replicate <context> --restart.',
      },
    );
  await makeTopics(
    admin,
    missing.map(({ topic, partitions, settings }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor: -1,
      configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
    })),
  );
  if (differences.length === 0) return;
  onDifference?.(differences.map(({ line }) => line));
  const names = new Set(differences.map(({ topic }) => topic));
  // What is not named is reset: also what somebody else set, such as how many brokers must have a message.
  const settingsOf = ({ topic, settings }: TopicWish): Record<string, string> => ({
    ...found.find((state) => state.topic === topic)?.own,
    ...settings,
  });
  await admin.alterConfigs({
    validateOnly: false,
    resources: wanted
      .filter(({ topic }) => names.has(topic))
      .map((wish) => ({
        type: 2,
        name: wish.topic,
        configEntries: Object.entries(settingsOf(wish)).map(([name, value]) => ({ name, value })),
      })),
  });
}

/** Deletes the topics of these streams of a slot. */
export async function deleteTopicsOf(
  admin: Admin,
  slot: string,
  streams: ReadonlySet<string>,
): Promise<string[]> {
  const topics = (await admin.listTopics()).filter((topic) =>
    streams.has(streamOf(slot, topic) ?? ''),
  );
  if (topics.length > 0) await admin.deleteTopics({ topics });
  return topics;
}
