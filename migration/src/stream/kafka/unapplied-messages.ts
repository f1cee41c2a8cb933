import { StranglerError } from '@strangler-toolkit/plan';
import type { Checkpoint } from '../change-stream.ts';
import type { SourceTable } from '../transport.ts';
import type { KafkaSettings } from './kafka-settings.ts';
import { tableTopics } from './topic-names.ts';
import { readTopicOffsets } from './topic-offsets.ts';

/**
 * Partitions with messages behind those that the checkpoint names as applied, a line for each. Writes wait for the answer: a broker
 * that keeps silent must not make them wait for as long as kafkajs tries.
 * @throws StranglerError KAFKA_UNREACHABLE, also when the signal's time is over, CANCELLED
 */
export async function unappliedMessages({
  kafka,
  stream,
  tables,
  checkpoint,
  signal,
}: {
  readonly kafka: KafkaSettings;
  readonly stream: string;
  readonly tables: readonly SourceTable[];
  readonly checkpoint: Checkpoint;
  readonly signal: AbortSignal;
}): Promise<string[]> {
  const offsets = await unless(
    signal,
    readTopicOffsets(kafka, [...tableTopics(stream, tables).keys()]),
    kafka,
  );
  return [...offsets].flatMap(([topic, partitions]) =>
    partitions.flatMap(({ partition, low, high }) => {
      const applied = Number(checkpoint[`${topic}/${partition}`] ?? low);
      return high > applied ? [`${topic}/${partition}: ${applied} applied, ${high} there`] : [];
    }),
  );
}

function unless<T>(signal: AbortSignal, asked: Promise<T>, { brokers }: KafkaSettings): Promise<T> {
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      const late = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
      reject(
        late
          ? new StranglerError(
              'KAFKA_UNREACHABLE',
              `${brokers.join(', ')} did not tell in time what the topics hold`,
            )
          : new StranglerError('CANCELLED', 'Cancelled'),
      );
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  return Promise.race([asked, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}
