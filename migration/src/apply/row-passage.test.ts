import { expect, test } from '@jest/globals';
import { passageOf } from './row-passage.ts';

const whole = { condition: { tenant: '5' }, byKey: false };
const byKey = { condition: { tenant: '5' }, byKey: true };
const row = (tenant: string) => ({ id: '1', tenant, name: 'n' });

test.each([
  ['5', '5', 'inside'],
  ['5', '6', 'leaves'],
  ['6', '5', 'enters'],
  ['6', '7', 'outside'],
])('an update from %s to %s: %s', (from, to, passage) => {
  for (const meant of [whole, byKey])
    expect(passageOf(meant, { op: 'u', before: row(from), after: row(to) })).toBe(passage);
  const key = { id: '1', tenant: from };
  expect(passageOf(byKey, { op: 'u', before: key, after: row(to) })).toBe(passage);
});

test('rows that come and go are meant or not', () => {
  for (const op of ['c', 'r'] as const) {
    expect(passageOf(whole, { op, before: null, after: row('5') })).toBe('inside');
    expect(passageOf(whole, { op, before: null, after: row('6') })).toBe('outside');
  }
  expect(passageOf(whole, { op: 'd', before: row('5'), after: null })).toBe('inside');
  expect(passageOf(whole, { op: 'd', before: row('6'), after: null })).toBe('outside');
});

test('without an old row the key is as it was', () => {
  expect(passageOf(byKey, { op: 'u', before: null, after: row('5') })).toBe('inside');
  expect(passageOf(byKey, { op: 'u', before: null, after: row('6') })).toBe('outside');
});

test('a value that stayed where it was is taken from the old row', () => {
  expect(passageOf(whole, { op: 'u', before: row('5'), after: { id: '1' } })).toBe('inside');
});

test('what does not tell is refused, by column', () => {
  const told = { code: 'REPLICA_IDENTITY', message: expect.stringContaining('tenant') };
  const refused = (change: Parameters<typeof passageOf>[1]): void =>
    expect(() => passageOf(whole, change)).toThrow(expect.objectContaining(told));
  refused({ op: 'u', before: null, after: row('6') });
  refused({ op: 'u', before: { id: '1' }, after: row('5') });
  refused({ op: 'd', before: { id: '1' }, after: null });
  refused({ op: 'd', before: null, after: null });
  refused({ op: 'c', before: null, after: { id: '1' } });
});
