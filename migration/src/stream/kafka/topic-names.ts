import { StranglerError } from '@strangler-toolkit/plan';
import type { SourceTable } from '../transport.ts';

// Debezium's rule (DefaultTopicNamingStrategy): whatever Kafka does not take in a topic's name becomes "_".
const sanitized = (text: string): string => text.replace(/[^A-Za-z0-9._-]/g, '_');

/** Names of everything that one stream writes; `stream` is connector name and topic prefix at once. */
export const tableTopic = (stream: string, { schema, table }: SourceTable): string =>
  sanitized(`${stream}.${schema}.${table}`);
export const transactionTopic = (stream: string): string => `${stream}.transaction`;
export const heartbeatTopic = (stream: string): string => `__debezium-heartbeat.${stream}`;

/** @throws StranglerError CONFIG_INVALID when two tables would share a topic */
export function tableTopics(
  stream: string,
  tables: readonly SourceTable[],
): Map<string, SourceTable> {
  const topics = new Map<string, SourceTable>();
  for (const table of tables) {
    const topic = tableTopic(stream, table);
    const other = topics.get(topic);
    if (other)
      throw new StranglerError(
        'CONFIG_INVALID',
        `Tables ${other.schema}.${other.table} and ${table.schema}.${table.table} would share the topic ${topic}`,
        { remedy: 'Rename one of them, or use the transport embedded.' },
      );
    topics.set(topic, table);
  }
  return topics;
}

/** Whether a connector, or a topic, belongs to some stream of this slot: earlier ones were made under the same slot name. */
export const streamOf = (slot: string, name: string): string | null => {
  const rest = name.startsWith('__debezium-heartbeat.')
    ? name.slice('__debezium-heartbeat.'.length)
    : name;
  const stream = rest.split('.')[0] ?? '';
  return stream.startsWith(`${slot}_`) && /^[0-9a-f]{8}$/.test(stream.slice(slot.length + 1))
    ? stream
    : null;
};
