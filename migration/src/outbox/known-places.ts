import { StranglerError } from '@strangler-toolkit/plan';
import type { Admin, KafkaMessage } from 'kafkajs';
import { readHandled, readOffsets, type Subscriber } from '../replica/event-positions.ts';
import type { Session } from './subscription.ts';

interface Place {
  readonly next: bigint;
  /** The event before `next`; an older release did not say which it was. */
  readonly handled: string | undefined;
}

/**
 * Where a consumer goes on in each partition, and the event that it handled there last: offsets alone look the same in a topic
 * that was made anew and has grown since.
 */
export class KnownPlaces {
  readonly #subscriber: Subscriber;
  readonly #places: Map<string, Place>;

  constructor(subscriber: Subscriber, places: ReadonlyMap<string, Place>) {
    this.#subscriber = subscriber;
    this.#places = new Map(places);
  }

  static async read(target: Session['target'], subscriber: Subscriber): Promise<KnownPlaces> {
    const handled = await readHandled(target, subscriber);
    const offsets = await readOffsets(target, subscriber);
    return new KnownPlaces(
      subscriber,
      new Map([...offsets].map(([name, next]) => [name, { next, handled: handled.get(name) }])),
    );
  }

  set(name: string, place: { readonly next: bigint; readonly handled: string }): void {
    this.#places.set(name, place);
  }

  /** @throws StranglerError POSITION_GAP when another event lies where the last one was handled */
  refuseAnother(name: string, { offset, headers }: Pick<KafkaMessage, 'offset' | 'headers'>): void {
    const place = this.#places.get(name);
    if (place?.handled === undefined || BigInt(offset) !== place.next - 1n) return;
    const found = String(headers?.id ?? '');
    if (found !== place.handled)
      throw this.#gap(
        name,
        `has event ${found} at offset ${offset}, where ${place.handled} was handled: the topic was made anew`,
        { offset, found, handled: place.handled },
      );
  }

  /**
   * A consumer that was away for longer than the topics keep messages would go on at the first one that is left.
   * @returns where each partition has to be read from, so that `refuseAnother` sees the last event again; partitions that a person
   * set the group's offset of stay where it was set
   * @throws StranglerError POSITION_GAP
   */
  async resume(
    admin: Admin,
    groupId: string,
    topics: readonly string[],
  ): Promise<readonly { topic: string; partition: number; offset: string }[]> {
    if (this.#places.size === 0) return [];
    const committed = new Map<string, bigint>(
      (await admin.fetchOffsets({ groupId, topics: [...topics] })).flatMap(
        ({ topic, partitions }) =>
          partitions.map(
            ({ partition, offset }) =>
              [`${topic}/${partition}`, BigInt(offset)] as [string, bigint],
          ),
      ),
    );
    const from: { topic: string; partition: number; offset: string }[] = [];
    for (const topic of topics)
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
        const name = `${topic}/${partition}`;
        const place = this.#places.get(name);
        if (place === undefined) continue;
        const { next, handled } = place;
        if (next < BigInt(low) || BigInt(high) < next)
          throw this.#gap(
            name,
            `is needed from offset ${next}, but holds ${low} to ${high}: ` +
              `${next < BigInt(low) ? 'messages were removed before they were handled' : 'the topic was made anew'}`,
            { wanted: String(next), low, high },
          );
        // Kafka forgets a group's offsets with its topic, and after some days.
        const at = committed.get(name) ?? -1n;
        if (handled !== undefined && (at === next || at < 0n) && next > BigInt(low))
          from.push({ topic, partition, offset: String(next - 1n) });
      }
    return from;
  }

  #gap(name: string, what: string, details: Readonly<Record<string, unknown>>): StranglerError {
    const { consumer, service } = this.#subscriber;
    return new StranglerError('POSITION_GAP', `${consumer}: partition ${name} ${what}`, {
      details: { partition: name, ...details },
      remedy:
        `Events of ${service} may be missing for ${consumer}: call restartSubscription, which reads again all that the ` +
        `topics hold; handled events stay handled.`,
    });
  }
}
