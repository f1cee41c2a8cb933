import { describe, expect, test } from '@jest/globals';
import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import type { ChangeEvent } from '../stream/change-event.ts';
import { eventToJson } from './event-json.ts';
import {
  behindDeadLetter,
  dropParkedOfTable,
  loadParkedKeys,
  messageOf,
  parkChange,
  type Parking,
} from './parked-changes.ts';
import { type KeyedRowChange, keyText, type RowChange } from './row-change.ts';

const mapping = {
  tables: ['orders', 'products'].map((table) => ({
    monolith: { schema: 'public', table },
    parts: [],
  })),
} as unknown as CompiledMapping;
const event: ChangeEvent = {
  op: 'u',
  before: { id: '1' },
  after: { id: '2' },
  source: {
    connector: 'postgresql',
    db: 'shop',
    schema: 'public',
    table: 'products',
    txId: 1,
    lsn: 1n,
    ts_us: 0n,
  },
  position: { commitLsn: 7n, index: 0 },
};
const rekey: KeyedRowChange = {
  kind: 'rekey',
  table: 1,
  transaction: 7n,
  events: [event],
  key: { id: '2' },
  oldKey: { id: '1' },
  row: { id: '2' },
  complete: false,
};

function parking(rows: readonly unknown[] = []) {
  const asked: { text: string; values: readonly unknown[] }[] = [];
  const client = {
    query: async (text: string, values: readonly unknown[]) => {
      // What is not waited for comes too late.
      await new Promise((resolve) => setImmediate(resolve));
      asked.push({ text, values });
      return { rows };
    },
  } as unknown as pg.Client;
  const place: Parking = { client, mapping, context: 'catalog', direction: 'forward' };
  return { place, asked };
}

test('what waits behind a dead letter says so by its code', () =>
  expect(behindDeadLetter).toMatchObject({ code: 'DEAD_LETTERS' }));

describe('parked changes', () => {
  test('a parked change of a key blocks both of its keys, also after a restart', async () => {
    const { place, asked } = parking([
      { table_name: 'public.products', key: '{"id":"2"}', event: eventToJson(event) },
    ]);
    const keys = await loadParkedKeys(place, () => [rekey]);
    expect([...keys].sort()).toEqual([keyText(1, { id: '1' }), keyText(1, { id: '2' })].sort());
    expect(asked[0]?.values).toEqual(['catalog', 'forward']);
  });

  test('one that the mapping can no longer read blocks the key it was parked under', async () => {
    const { place } = parking([
      { table_name: 'public.products', key: '{"id":"5"}', event: eventToJson(event) },
    ]);
    const truncate: RowChange = { kind: 'truncate', table: 1, transaction: 7n, events: [event] };
    for (const read of [[], [truncate]])
      expect([...(await loadParkedKeys(place, () => read))]).toEqual([keyText(1, { id: '5' })]);
  });

  test('every event of a change is kept, with its table, its new key, the code and what was said', async () => {
    const { place, asked } = parking();
    const refused = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'id=2' });
    await parkChange(place, { ...rekey, events: [event, event] }, refused);
    expect(asked).toHaveLength(2);
    expect(asked[0]?.values).toEqual([
      'catalog',
      'forward',
      'public.products',
      '{"id":"2"}',
      eventToJson(event),
      '23505',
      'duplicate key (id=2)',
    ]);
    await parkChange(place, rekey, new StranglerError('APPLY_FAILED', 'no'));
    expect(asked.at(-1)?.values.slice(-2)).toEqual(['APPLY_FAILED', 'no']);
    await parkChange(place, { ...rekey, table: 9 }, new Error('who knows'));
    expect(asked.at(-1)?.values.slice(2, 3)).toEqual(['']);
    expect(asked.at(-1)?.values.slice(-2)).toEqual(['INTERNAL', 'who knows']);
  });

  test('a truncated table drops its own, and a table that is not mapped drops none', async () => {
    const { place, asked } = parking();
    await dropParkedOfTable(place, 1);
    expect(asked.map(({ values }) => values)).toEqual([
      ['catalog', 'forward', 'public.products', ' (the table was truncated later)'],
    ]);
    await dropParkedOfTable(place, 2);
    expect(asked).toHaveLength(1);
  });

  test.each([
    [Object.assign(new Error('a'), { detail: 'b' }), 'a (b)'],
    [Object.assign(new Error('a'), { detail: 1 }), 'a'],
    [new Error('a'), 'a'],
    ['text', 'text'],
  ])('%p is told as %s', (error, text) => expect(messageOf(error)).toBe(text));
});
