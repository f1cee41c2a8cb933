import { StranglerError } from '@strangler-toolkit/plan';
import { pause } from '../../pause.ts';
import type { Beats } from './beats.ts';
import type { KafkaSettings } from './kafka-settings.ts';
import type { KafkaStream } from './kafka-stream.ts';
import { Stall } from './stall.ts';
import { readNewestOffsets } from './topic-offsets.ts';

export interface Watched {
  readonly kafka: KafkaSettings;
  readonly stream: KafkaStream;
  readonly beats: Beats;
  readonly assertAlive: (quietMs: number) => Promise<void>;
}

/** Looks, two seconds apart, at which changes that Debezium announced were nowhere, until somebody asks Kafka where they are. */
const patience = 10;

/** Looks after what no message tells: a slot that is gone, and changes that were announced and are nowhere. */
export async function watchReader(
  { stream, beats, kafka, assertAlive }: Watched,
  quietMs: () => number,
  signal: AbortSignal,
): Promise<void> {
  const stall = new Stall();
  while (!signal.aborted) {
    await pause(2000, signal);
    if (signal.aborted) return;
    await assertAlive(quietMs());
    const waiting = stream.incomplete;
    // within a partition the order only grows: where something else waits, it cannot come any more
    const empty = (waiting?.queues ?? []).filter(({ length }) => length === 0);
    const stalled = stall.look({
      xid: waiting?.end.xid ?? null,
      empty: empty.map(placeOf),
      beat: beats.last,
    });
    if (waiting === null || stalled < patience) continue;
    const newest = await readNewestOffsets(kafka, [...new Set(empty.map(({ topic }) => topic))]);
    const behind = empty.some(({ name, received }) => (newest.get(name) ?? 0) > received);
    if (!behind && stream.incomplete?.end === waiting.end)
      throw new StranglerError(
        'POSITION_GAP',
        `transaction ${waiting.end.xid} has ${waiting.end.count} changes, and not all of them ` +
          `are in ${[...waiting.end.tables.keys()].join(', ')}`,
        { details: { xid: waiting.end.xid } },
      );
  }
}

// a copy: the queue itself goes on
const placeOf = ({ name, received }: { readonly name: string; readonly received: number }) => ({
  name,
  received,
});
