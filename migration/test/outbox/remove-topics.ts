import type { KafkaSettings } from '../../src/outbox/index.ts';
import { withAdmin } from '../../src/stream/kafka/kafka-client.ts';

/** What a service's outbox left on a broker that tests share. */
export const removeTopics = (kafka: KafkaSettings, service: string): Promise<void> =>
  withAdmin(kafka, 'Cannot remove topics', async (admin) => {
    const topics = (await admin.listTopics()).filter(
      (name) => name.startsWith(`${service}.`) || name.includes(service.replace('-', '_')),
    );
    if (topics.length > 0) await admin.deleteTopics({ topics });
  });
