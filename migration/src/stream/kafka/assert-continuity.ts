import { StranglerError } from '@strangler-toolkit/plan';
import type { KafkaSettings } from './kafka-settings.ts';
import { readTopicOffsets } from './topic-offsets.ts';

export interface Received {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the message that comes next. */
  readonly wanted: number;
}

export const noLongerKept = (
  { topic, partition, wanted }: Received,
  low: number,
  context: string,
): StranglerError =>
  new StranglerError(
    'POSITION_GAP',
    `${topic}, partition ${partition}: messages ${wanted} to ${low - 1} are needed and no longer kept`,
    {
      details: { topic, partition, wanted, low },
      remedy:
        `Kafka's retention is shorter than the time that nothing was applied: raise ` +
        `replication.retentionHours, then strangler replicate ${context} --restart.`,
    },
  );

export const cutOff = (
  { topic, partition, wanted }: Received,
  high: number,
  context: string,
): StranglerError =>
  new StranglerError(
    'POSITION_GAP',
    `${topic}, partition ${partition}: message ${wanted - 1} was read and the topic ends at ` +
      `${high} now: it was made anew, or a broker lost its end`,
    {
      details: { topic, partition, wanted, high },
      remedy: `Run strangler replicate ${context} --restart, which copies anew.`,
    },
  );

/**
 * kafkajs goes on at the oldest message when the wanted one is not there, without a word. Called for every batch; asks the broker
 * only when offsets were passed over, which transactional markers do as well.
 * @throws StranglerError POSITION_GAP
 */
export async function assertContinuity(
  place: Received,
  batch: { readonly first: number; readonly highWatermark: number },
  kafka: KafkaSettings,
  context: string,
): Promise<void> {
  if (batch.highWatermark < place.wanted) throw cutOff(place, batch.highWatermark, context);
  if (batch.first <= place.wanted) return;
  const offsets = await readTopicOffsets(kafka, [place.topic]);
  const low =
    offsets.get(place.topic)?.find(({ partition }) => partition === place.partition)?.low ?? 0;
  if (low > place.wanted) throw noLongerKept(place, low, context);
}
