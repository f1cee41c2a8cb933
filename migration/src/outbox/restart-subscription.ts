import { withConnection } from '../database/connect.ts';
import { forgetPosition } from '../replica/event-positions.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import { withAdmin } from '../stream/kafka/kafka-client.ts';
import { dropSlot } from '../stream/source/index.ts';
import { consumerSlot } from './embedded-source.ts';
import { consumerGroup } from './kafka-source.ts';
import type { EventSource } from './subscription.ts';

/**
 * Forgets how far a consumer has come: the next start reads all that the outbox or the topics still hold. Handled events are not
 * handled again. No process of the consumer may run.
 */
export async function restartSubscription({
  consumer,
  target,
  source,
}: {
  readonly consumer: string;
  readonly target: string;
  readonly source: EventSource;
}): Promise<void> {
  const applicationName = `strangler-events-${consumer}`;
  if (source.transport === 'embedded')
    await withConnection(source.url, { applicationName }, (client) =>
      dropSlot(client, consumerSlot(consumer, source)),
    );
  else await forgetGroup(consumer, source);
  await withConnection(target, { applicationName }, async (client) => {
    await installReplicaSchema(client, 'events');
    await forgetPosition(client, { consumer, service: source.service });
  });
}

/** Kafka's own note of how far a group is would be gone on from. One that Kafka does not know, or not any more, is no obstacle. */
const forgetGroup = (
  consumer: string,
  source: Extract<EventSource, { transport: 'kafka' }>,
): Promise<void> =>
  withAdmin(source.kafka, `Cannot forget the offsets of ${consumer}`, async (admin) => {
    const groupId = consumerGroup(consumer, source);
    const { groups } = await admin.listGroups();
    if (groups.some((group) => group.groupId === groupId)) await admin.deleteGroups([groupId]);
  });
