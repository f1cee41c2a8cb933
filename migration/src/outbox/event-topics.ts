import { markAggregate } from '../replica/outbox-marks.ts';

/** Part of what a service promises to others, so it says nothing of slots or databases. */
export const eventTopic = (service: string, aggregateType: string): string =>
  `${service}.events.${aggregateType}`;

/** One partition: marks are a chain. */
export const marksTopic = (service: string): string => eventTopic(service, markAggregate);

/** Names of the headers that the connector writes and the consumer reads. `id` is the router's own. */
export const eventHeaders = {
  aggregatetype: 'aggregateType',
  type: 'type',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  created_at: 'occurredAt',
} as const;
