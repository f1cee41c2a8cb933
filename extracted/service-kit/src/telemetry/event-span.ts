import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type EventTrace, formatTraceparent, parseTraceparent } from '../http/trace-context.ts';
import { callerOf, ofSpan } from './caller.ts';

export interface ToldEvent {
  readonly id: string;
  readonly aggregateType: string;
  readonly type: string;
  readonly trace: EventTrace;
}

/** Writes an event as a span of its own, whose children they are that handle it; as it is where nobody is told. */
export async function tellEvent(
  { id, aggregateType, type, trace: { traceparent, tracestate } }: ToldEvent,
  write: (trace: EventTrace) => Promise<unknown>,
): Promise<void> {
  const parent = parseTraceparent(traceparent);
  const caller = callerOf(parent);
  const span = trace.getTracer('@strangler-toolkit/service-kit').startSpan(
    `publish ${type}`,
    {
      kind: SpanKind.PRODUCER,
      attributes: {
        'messaging.operation.type': 'create',
        'messaging.destination.name': aggregateType,
        'messaging.message.id': id,
      },
    },
    caller,
  );
  const told = span.isRecording()
    ? { traceparent: formatTraceparent(ofSpan(span)), tracestate }
    : { traceparent, tracestate };
  try {
    await write(told);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}
