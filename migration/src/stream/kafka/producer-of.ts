import type { KafkaMessage } from 'kafkajs';

/** kafkajs has what a message's batch says of itself beside it, and not in its types; `-1`: a producer that has no number. */
export function producerOf(message: KafkaMessage): string | undefined {
  const batch: unknown = Reflect.get(message, 'batchContext');
  const id: unknown =
    typeof batch === 'object' && batch !== null ? Reflect.get(batch, 'producerId') : undefined;
  return typeof id === 'string' && id !== '-1' ? id : undefined;
}
