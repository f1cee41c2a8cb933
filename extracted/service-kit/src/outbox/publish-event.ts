import { randomUUID } from 'node:crypto';
import { currentRequest } from '../http/request-context.ts';
import { type EventTrace, formatTraceparent } from '../http/trace-context.ts';
import type { Querying } from './querying.ts';
import { tellEvent } from '../telemetry/event-span.ts';

export interface NewEvent {
  /** What kind of thing it happened to, in small letters: `product`. Consumers subscribe by it. */
  readonly aggregateType: string;
  /** Which one: events of one aggregate reach consumers in the order in which they were committed. */
  readonly aggregateId: string;
  /** What happened, in the past tense: `product.created`. */
  readonly type: string;
  /** Becomes JSON. Numbers beyond 2^53 and decimals go as strings, as everywhere. */
  readonly payload: unknown;
  /** Default: the trace of the request that is being answered. */
  readonly traceContext?: EventTrace;
}

/**
 * Writes an event in the caller's transaction: it is published if and only if that transaction commits. Answers with its id, or
 * with nothing for a shadow request, whose effects nobody may see.
 *
 * @example
 * ```ts
 * import pg from 'pg';
 * import { publishEvent } from '@strangler-toolkit/service-kit';
 *
 * const client = new pg.Client();
 * await client.connect();
 * await client.query('BEGIN');
 * await client.query("UPDATE product SET state = 'on_sale' WHERE id = 7");
 * await publishEvent(client, {
 *   aggregateType: 'product',
 *   aggregateId: '7',
 *   type: 'product.published',
 *   payload: { id: '7', amount: '19.90' },
 * });
 * await client.query('COMMIT');
 * ```
 */
export async function publishEvent(
  transaction: Querying,
  event: NewEvent,
): Promise<string | undefined> {
  const request = currentRequest();
  if (request?.shadow) return undefined;
  const trace: EventTrace =
    event.traceContext ??
    (request
      ? { traceparent: formatTraceparent(request.trace), tracestate: request.tracestate }
      : {});
  const id = randomUUID();
  await tellEvent({ ...event, id, trace }, ({ traceparent, tracestate }) =>
    transaction.query(
      'INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, traceparent, tracestate) VALUES ($1, $2, $3, $4, $5, $6, $7)',
      [
        id,
        event.aggregateType,
        event.aggregateId,
        event.type,
        JSON.stringify(event.payload),
        traceparent ?? null,
        tracestate ?? null,
      ],
    ),
  );
  return id;
}
