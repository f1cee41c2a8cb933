/** Part of what a service promises to others, so it says nothing of slots or databases. */
export const eventTopic = (service: string, aggregateType: string): string =>
  `${service}.events.${aggregateType}`;

/** Names of the headers that the connector writes and the consumer reads. `id` is the router's own. */
export const eventHeaders = {
  aggregatetype: 'aggregateType',
  type: 'type',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  created_at: 'occurredAt',
} as const;
