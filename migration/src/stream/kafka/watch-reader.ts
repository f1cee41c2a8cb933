import { StranglerError } from '@strangler-toolkit/plan';
import { pause } from '../../pause.ts';
import type { KafkaSettings } from './kafka-settings.ts';
import type { KafkaStream } from './kafka-stream.ts';
import { readTopicOffsets } from './topic-offsets.ts';

export interface Watched {
  readonly kafka: KafkaSettings;
  readonly stream: KafkaStream;
  readonly assertAlive: (quietMs: number) => Promise<void>;
}

/** How long changes that Debezium announced may take to arrive before somebody looks where they are. */
const patienceMs = 20_000;

/** Looks after what no message tells: a slot that is gone, and changes that were announced and are nowhere. */
export async function watchReader(
  { stream, kafka, assertAlive }: Watched,
  quietMs: () => number,
  signal: AbortSignal,
): Promise<void> {
  let since = { xid: 0, at: 0 };
  while (!signal.aborted) {
    await pause(2000, signal);
    if (signal.aborted) return;
    await assertAlive(quietMs());
    const waiting = stream.incomplete;
    if (waiting === null || waiting.queues.some(({ paused }) => paused)) {
      since = { xid: 0, at: 0 };
      continue;
    }
    if (since.xid !== waiting.end.xid) since = { xid: waiting.end.xid, at: performance.now() };
    if (performance.now() - since.at < patienceMs) continue;
    const offsets = await readTopicOffsets(kafka, [
      ...new Set(waiting.queues.map(({ topic }) => topic)),
    ]);
    const behind = waiting.queues.some((queue) =>
      (offsets.get(queue.topic) ?? []).some(
        ({ partition, high }) => partition === queue.partition && high > queue.received,
      ),
    );
    if (!behind && stream.incomplete?.end === waiting.end) {
      throw new StranglerError(
        'POSITION_GAP',
        `transaction ${waiting.end.xid} has ${waiting.end.count} changes, and not all of them ` +
          `are in ${[...waiting.end.tables.keys()].join(', ')}`,
        { details: { xid: waiting.end.xid } },
      );
    }
    since = { xid: 0, at: 0 };
  }
}
