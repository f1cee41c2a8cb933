import { StranglerError } from '@strangler-toolkit/plan';
import type { Batch } from 'kafkajs';
import { readMarks, storeMarks } from '../replica/event-positions.ts';
import { judgeMark, type KnownMarks } from './judge-mark.ts';
import { eventOfMessage } from './kafka-event.ts';
import type { Session } from './subscription.ts';

const namedBy = (payload: unknown): readonly string[] =>
  typeof payload === 'object' &&
  payload !== null &&
  'after' in payload &&
  Array.isArray(payload.after)
    ? payload.after.map(String)
    : [];

/**
 * Follows the chains of marks that came with a batch, one for each connector: the monolith's outbox may go to the same topics.
 * @param before what lies before this offset was there when the consumer began with the topic
 * @throws StranglerError HISTORY_CHANGED
 */
export async function followMarks(
  batch: Batch,
  service: string,
  { consumer, target }: Pick<Session, 'consumer' | 'target'>,
  before: number,
): Promise<{ readonly next: bigint; readonly handled: string } | undefined> {
  const subscriber = { consumer, service };
  const known = new Map(Object.entries(await readMarks<KnownMarks>(target, subscriber)));
  const changed = new Set<string>();
  let last: { readonly next: bigint; readonly handled: string } | undefined;
  for (const message of batch.messages) {
    const {
      id,
      aggregateId: connector,
      payload,
    } = eventOfMessage(`${batch.topic}[${batch.partition}]@${message.offset}`, message);
    const mark = { id, offset: Number(message.offset), after: namedBy(payload) };
    const judged = judgeMark(known.get(connector), mark, before);
    if ('why' in judged) throw historyChanged(consumer, service, connector, judged.why);
    known.set(connector, judged);
    changed.add(connector);
    last = { next: BigInt(message.offset) + 1n, handled: id };
  }
  for (const connector of changed)
    await storeMarks(target, subscriber, connector, known.get(connector));
  return last;
}

const historyChanged = (
  consumer: string,
  service: string,
  connector: string,
  why: string,
): StranglerError =>
  new StranglerError(
    'HISTORY_CHANGED',
    `${consumer}: events of ${service} do not come from the history that was followed: ${why}`,
    {
      details: { consumer, service, connector },
      remedy:
        `Events may be missing, and handled ones may have been undone at ${service}. When it is the right database: ` +
        `strangler outbox disconnect ${service}, strangler outbox connect ${service}, which sends what its outbox holds; then call ` +
        `restartSubscription for each consumer: handled events stay handled.`,
    },
  );
