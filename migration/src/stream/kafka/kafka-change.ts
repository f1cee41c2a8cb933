import type { Envelope, JsonRow } from './decode/envelope.ts';
import type { PartitionQueue, QueuedChange } from './partition-queue.ts';
import type { TableShape } from './table-shape.ts';

/** A row event with what it takes to read it. */
export interface KafkaChange extends QueuedChange {
  readonly envelope: Envelope;
  readonly shape: TableShape;
  /** A change of the key comes as a delete and a create: the first says so, and so does the second. */
  readonly rekey: 'from' | 'to' | null;
  /** Of a row that goes: one that the source has under its key all the same. */
  stays?: JsonRow;
}

/** What it takes to read it where it does not come whole. */
export type ReadChange = Pick<KafkaChange, 'envelope' | 'shape' | 'rekey' | 'stays'>;

/** What reads the topics; the stream tells it when to stop and go on. */
export interface TopicReader {
  hold(queue: PartitionQueue<KafkaChange>): void;
  release(queue: PartitionQueue<KafkaChange>): void;
  holdEnds(): void;
  releaseEnds(): void;
  /** Offsets behind the newest messages of these topics, by name of the partition's queue. */
  newest(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** For people's tools only: the offsets that count are with the data. */
  commit(offsets: ReadonlyMap<string, number>): void;
  beat(): void;
  close(): Promise<void>;
}
