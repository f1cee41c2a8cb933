import { StranglerError } from '@strangler-toolkit/plan';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import { type DomainEvent, moment } from './domain-event.ts';
import { eventHeaders } from './event-topics.ts';

const header = (headers: IHeaders | undefined, name: string): string | null => {
  const value = headers?.[name];
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined || first === null ? null : first.toString();
};

/** @throws StranglerError EVENT_FAILED for a message that no outbox connector wrote */
export function eventOfMessage(
  place: string,
  { headers, key, value }: Pick<KafkaMessage, 'headers' | 'key' | 'value'>,
): DomainEvent {
  const needed = (name: string, found: string | null): string => {
    if (found === null)
      throw new StranglerError(
        'EVENT_FAILED',
        `The message at ${place} has no ${name}: no outbox connector wrote it`,
        {
          remedy:
            'Find out who writes to the topic; move the group past the message with kafka-consumer-groups --reset-offsets.',
        },
      );
    return found;
  };
  try {
    return {
      id: needed('header id', header(headers, 'id')),
      aggregateType: needed(
        `header ${eventHeaders.aggregatetype}`,
        header(headers, eventHeaders.aggregatetype),
      ),
      aggregateId: needed('key', key?.toString() ?? null),
      type: needed(`header ${eventHeaders.type}`, header(headers, eventHeaders.type)),
      payload: JSON.parse(needed('value', value?.toString() ?? null)) as unknown,
      traceparent: header(headers, eventHeaders.traceparent),
      tracestate: header(headers, eventHeaders.tracestate),
      occurredAt: moment(
        needed(`header ${eventHeaders.created_at}`, header(headers, eventHeaders.created_at)),
      ),
    };
  } catch (error) {
    if (error instanceof StranglerError) throw error;
    throw new StranglerError(
      'EVENT_FAILED',
      `The message at ${place} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
