import { expect, test } from '@jest/globals';
import { eventOfRow, moment } from './domain-event.ts';

test.each([
  ['2026-11-21 08:00:00.123456+00', '2026-11-21T08:00:00.123456Z'],
  ['2026-11-21 08:00:00.12+00', '2026-11-21T08:00:00.120000Z'],
  ['2026-11-21 08:00:00+00', '2026-11-21T08:00:00.000000Z'],
  ['2026-11-21T08:00:00Z', '2026-11-21T08:00:00.000000Z'],
  ['2026-11-21T08:00:00.1Z', '2026-11-21T08:00:00.100000Z'],
])('the moment %s is written the same on both transports', (text, expected) => {
  expect(moment(text)).toBe(expected);
});

test.each(['2026-11-21 08:00:00+02', '2026-11-21 08:00:00', 'yesterday', ''])(
  '%j is no moment in UTC, and is not taken for one',
  (text) => {
    expect(() => moment(text)).toThrow(RangeError);
  },
);

test('a row of another table is refused and not half read', () => {
  const row = {
    id: '1',
    aggregatetype: 'order',
    aggregateid: '7',
    type: 'order.placed',
    payload: '{"n": 1}',
    created_at: '2026-11-21 08:00:00+00',
  };
  expect(eventOfRow(row)).toEqual({
    id: '1',
    aggregateType: 'order',
    aggregateId: '7',
    type: 'order.placed',
    payload: { n: 1 },
    traceparent: null,
    tracestate: null,
    occurredAt: '2026-11-21T08:00:00.000000Z',
  });
  for (const column of Object.keys(row))
    expect(() => eventOfRow({ ...row, [column]: null })).toThrow(`the outbox has no ${column}`);
});
