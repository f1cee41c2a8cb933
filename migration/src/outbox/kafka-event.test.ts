import { expect, test } from '@jest/globals';
import type { IHeaders } from 'kafkajs';
import { eventOfMessage } from './kafka-event.ts';

const headers: IHeaders = {
  id: Buffer.from('e1'),
  aggregateType: Buffer.from('order'),
  type: Buffer.from('order.placed'),
  traceparent: Buffer.from('00-aa-bb-01'),
  occurredAt: Buffer.from('2026-11-21T08:00:00Z'),
};
const message = { headers, key: Buffer.from('7'), value: Buffer.from('{"n": 1}') };

test('a message of the outbox connector is the event that was published', () => {
  expect(eventOfMessage('shop.events.order[0]@5', message)).toEqual({
    id: 'e1',
    aggregateType: 'order',
    aggregateId: '7',
    type: 'order.placed',
    payload: { n: 1 },
    traceparent: '00-aa-bb-01',
    tracestate: null,
    occurredAt: '2026-11-21T08:00:00.000000Z',
  });
});

test.each([
  ['header id', { ...message, headers: { ...headers, id: undefined } }],
  ['header aggregateType', { ...message, headers: { ...headers, aggregateType: undefined } }],
  ['header type', { ...message, headers: { ...headers, type: undefined } }],
  ['header occurredAt', { ...message, headers: { ...headers, occurredAt: undefined } }],
  ['key', { ...message, key: null }],
  ['value', { ...message, value: null }],
])('without its %s a message is refused, with the place where it lies', (missing, broken) => {
  expect(() => eventOfMessage('shop.events.order[0]@5', broken)).toThrow(
    `The message at shop.events.order[0]@5 has no ${missing}`,
  );
});

test('a value that is no JSON is refused, with the place where it lies', () => {
  expect(() => eventOfMessage('t[0]@5', { ...message, value: Buffer.from('{') })).toThrow(
    /^The message at t\[0\]@5 cannot be read: /,
  );
});
