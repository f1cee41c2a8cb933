import type pg from 'pg';
import type { TableName } from '../database/identifiers.ts';
import type { Row } from '../stream/change-event.ts';
import { createKafka, kafkaFailure } from '../stream/kafka/kafka-client.ts';
import type { KafkaSettings } from '../stream/kafka/kafka-settings.ts';
import { moment } from './domain-event.ts';
import { ensureEventTopics } from './ensure-event-topics.ts';
import { eventHeaders, eventTopic } from './event-topics.ts';
import { readRetained } from './retained-events.ts';

export interface RetainedOptions {
  readonly kafka: KafkaSettings;
  readonly service: string;
  readonly table: TableName;
  readonly snapshot: string;
  readonly partitions: number;
}

/** Sends the events that the outbox holds in the snapshot as the connector would, and answers how many. */
export async function sendRetained(
  client: pg.Client,
  { kafka: settings, service, table, snapshot, partitions }: RetainedOptions,
): Promise<number> {
  const kafka = createKafka(settings);
  // The default partitioner is Java's: an aggregate's later events, sent by Connect, go to the same partition.
  const producer = kafka.producer({ maxInFlightRequests: 1, allowAutoTopicCreation: false });
  let sent = 0;
  try {
    await producer.connect();
    await readRetained(client, table, snapshot, async (rows) => {
      const topics = Map.groupBy(rows, (row) => eventTopic(service, row.aggregatetype ?? ''));
      await ensureEventTopics(kafka, [...topics.keys()], partitions);
      await producer.sendBatch({
        acks: -1,
        topicMessages: [...topics].map(([topic, events]) => ({
          topic,
          messages: events.map(messageOf),
        })),
      });
      sent += rows.length;
      return true;
    });
    return sent;
  } catch (error) {
    throw kafkaFailure(error, settings, `Cannot send what the outbox of ${service} holds`);
  } finally {
    await producer.disconnect().catch(() => undefined);
  }
}

function messageOf(row: Row): { key: string; value: string; headers: Record<string, string> } {
  const headers: Record<string, string> = { id: row.id ?? '' };
  for (const [column, header] of Object.entries(eventHeaders)) {
    const value = row[column];
    if (typeof value === 'string')
      headers[header] = column === 'created_at' ? moment(value) : value;
  }
  return { key: row.aggregateid ?? '', value: row.payload ?? 'null', headers };
}
