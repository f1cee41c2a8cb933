import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { contextOf } from '@strangler-toolkit/plan/traces';
import type { DomainEvent } from './domain-event.ts';

/**
 * Handles an event as a child of the span that published it, in the same trace, on either transport. The consumer's process has
 * the SDK or none; without one this is `handle` alone. A handler that is tried again has a span for each try.
 */
export async function tellEvent<Result>(
  { id, type, aggregateType, traceparent, tracestate }: DomainEvent,
  consumer: string,
  handle: () => Promise<Result>,
): Promise<Result> {
  const publisher = contextOf(traceparent, tracestate);
  const span = trace.getTracer('@strangler-toolkit/migration').startSpan(
    `process ${type}`,
    {
      kind: SpanKind.CONSUMER,
      attributes: {
        'messaging.operation.type': 'process',
        'messaging.destination.name': aggregateType,
        'messaging.message.id': id,
        'messaging.consumer.group.name': consumer,
      },
    },
    publisher,
  );
  try {
    return await context.with(trace.setSpan(publisher, span), handle);
  } catch (error) {
    span.setAttribute('error.type', error instanceof Error ? error.name : 'error');
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}
