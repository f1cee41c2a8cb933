import type { Row } from '../stream/change-event.ts';

/** What a service published. The same object on both transports. */
export interface DomainEvent {
  readonly id: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly type: string;
  /** Parsed JSON. */
  readonly payload: unknown;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  /** ISO 8601 in UTC with microseconds: a Date would lose three digits. */
  readonly occurredAt: string;
}

/** From `2026-11-21 08:00:00.12+00` and from `2026-11-21T08:00:00.12Z`: the server and Debezium write moments in different ways. */
export function moment(text: string): string {
  const match = /^(\d{4,}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:\+00(?::?00)?|Z)$/.exec(
    text,
  );
  const [, date, time, fraction = ''] = match ?? [];
  if (date === undefined || time === undefined)
    throw new RangeError(`not a moment in UTC: ${JSON.stringify(text)}`);
  return `${date}T${time}.${fraction.padEnd(6, '0')}Z`;
}

/** A row of the outbox whose values are PostgreSQL's text. */
export function eventOfRow(row: Row): DomainEvent {
  const field = (name: string): string => {
    const value = row[name];
    if (typeof value !== 'string')
      throw new RangeError(
        `the outbox has no ${name}: it is not the table that installOutbox makes`,
      );
    return value;
  };
  return {
    id: field('id'),
    aggregateType: field('aggregatetype'),
    aggregateId: field('aggregateid'),
    type: field('type'),
    payload: JSON.parse(field('payload')) as unknown,
    traceparent: row.traceparent ?? null,
    tracestate: row.tracestate ?? null,
    occurredAt: moment(field('created_at')),
  };
}
