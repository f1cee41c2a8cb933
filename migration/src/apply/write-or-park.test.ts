import { describe, expect, test } from '@jest/globals';
import { StranglerError } from '@strangler-toolkit/plan';
import { collapseChanges } from './collapse.ts';
import { PlainInserts } from './plain-inserts.ts';
import { keyText, type RowChange } from './row-change.ts';
import type { Savepoint } from './savepoint.ts';
import { type WriteOrPark, writeInOrder } from './write-or-park.ts';
import type { WriteTarget } from './write-target.ts';

const target = (name: string): WriteTarget => ({
  name,
  key: ['id'],
  inputs: ['id', 'n'].map((column) => ({ column, from: column, translate: null })),
  converted: new Map(),
  fields: new Map(),
  castTypes: new Map([['id', 'bigint']]),
  extras: new Map(),
  derived: new Map(),
  fixed: new Set(),
  unique: true,
  partitioned: false,
  watched: [],
});

/** A target that refuses statements whose values hold a word; what it was told, in order. */
function scene(refuses: (values: string) => Error | undefined = () => undefined) {
  const told: string[] = [];
  const letters: unknown[] = [];
  const client = {
    query: async (asked: { text: string; values: unknown[] } | string, given: unknown[] = []) => {
      await new Promise((resolve) => setImmediate(resolve));
      const text = typeof asked === 'string' ? asked : asked.text;
      const values = JSON.stringify(typeof asked === 'string' ? given : asked.values);
      if (text.includes('INTO strangler.dead_letters')) {
        letters.push([given[3], given[5]]);
        return { rowCount: 1 };
      }
      const error = refuses(values);
      told.push(
        `${error ? 'refused ' : ''}${text.slice(0, 6)} ${/"(?:one|two|three)"/.exec(text)?.[0] ?? ''} ${values}`,
      );
      if (error) throw error;
      return { rowCount: 1 };
    },
  };
  const savepoint = {
    begin: async () => void told.push('savepoint'),
    undo: async () => void told.push('undone'),
    keep: () => void told.push('kept'),
  } as unknown as Savepoint;
  const tables = ['one', 'two', 'three'].map((table) => ({
    monolith: { schema: 'public', table },
  }));
  const work = {
    client,
    mapping: { tables },
    context: 'shop',
    direction: 'forward',
    targets: ['one', 'two', 'three'].map((name) => [target(`"${name}"`)]),
    savepoint,
    plainInserts: new PlainInserts(),
    parked: new Set<string>(),
    checkSchema: async () => void told.push('schema checked'),
    spaces: [],
  } as unknown as WriteOrPark;
  return {
    work,
    told,
    letters,
    write: (all: readonly RowChange[]) => writeInOrder(work, all, collapseChanges(all)),
  };
}
const base = (table: number, id: string) => ({
  table,
  key: { id },
  transaction: 1n,
  events: [{ position: { commitLsn: 1n, index: 0 }, source: { lsn: 1n, ts_us: 0n } }] as never,
});
const put = (id: string, table = 0): RowChange => ({
  ...base(table, id),
  kind: 'put',
  row: { id, n: `n${id}` },
  fresh: false,
});
const truncate = (table: number): RowChange => ({
  kind: 'truncate',
  table,
  transaction: 1n,
  events: [],
});
const data = (words: string) => (values: string) =>
  values.includes(words) ? Object.assign(new Error('refused'), { code: '23514' }) : undefined;

describe('writing or parking', () => {
  test('what fits is written at once, and counted', async () => {
    const { write, told, letters } = scene();
    expect(await write([put('1'), put('2')])).toBe(2);
    expect(told.filter((line) => line !== 'savepoint' && line !== 'kept')).toHaveLength(2);
    expect(letters).toEqual([]);
  });

  test('each change that the data refuses is parked alone, undone to where it began; all others are written once', async () => {
    const { write, work, told, letters } = scene(data('n3'));
    const all = ['1', '2', '3', '4', '5'].map((id) => put(id));
    expect(await write(all)).toBe(4);
    expect(letters).toEqual([['{"id":"3"}', '23514']]);
    expect([...work.parked]).toEqual([keyText(0, { id: '3' })]);
    const begun = told.filter((line) => line === 'savepoint').length;
    const ended = told.filter((line) => line === 'undone').length;
    expect(told.filter((line) => line.startsWith('refused'))).toHaveLength(ended);
    expect(begun).toBeGreaterThan(ended);
    expect(told.filter((line) => line === 'schema checked')).toHaveLength(1);
    for (const id of ['1', '2', '4', '5']) {
      // The last statement of each stands: what was written before an undo is not.
      const at = told.findLastIndex((line) => line.includes(`n${id}`));
      expect(told.slice(at).indexOf('undone')).not.toBe(1);
    }
  });

  test('what comes to a key that waits, waits behind it, and says so', async () => {
    const { write, work, told, letters } = scene();
    work.parked.add(keyText(0, { id: '1' }));
    const rekey: RowChange = {
      ...base(0, '9'),
      kind: 'rekey',
      oldKey: { id: '1' },
      row: { id: '9' },
      complete: false,
    };
    expect(await write([rekey, put('9'), put('2'), put('1', 1)])).toBe(2);
    expect(letters).toEqual([
      ['{"id":"9"}', 'DEAD_LETTERS'],
      ['{"id":"9"}', 'DEAD_LETTERS'],
    ]);
    expect(told.join()).not.toContain('n9');
  });

  test('a truncate ends the waiting of its own table, and only from there on', async () => {
    const { write, work, letters } = scene();
    const waiting = [0, 1, 2].map((table) => keyText(table, { id: '1' }));
    for (const key of [...waiting, '10:1:1']) work.parked.add(key);
    expect(await write([put('1', 1), truncate(1), put('1', 1), put('1', 2)])).toBe(2);
    expect([...work.parked]).toEqual([waiting[0], waiting[2], '10:1:1']);
    expect(letters).toEqual([
      ['{"id":"1"}', 'DEAD_LETTERS'],
      ['{"id":"1"}', 'DEAD_LETTERS'],
    ]);
  });

  test.each([
    ['a lost connection', Object.assign(new Error('gone'), { code: '08006' })],
    ['a table that is not there', Object.assign(new Error('gone'), { code: '42P01' })],
    ['what nobody knows', new Error('who knows')],
  ])('%s parks nothing: it is thrown as it came', async (_, error) => {
    const { write, told, letters } = scene(() => error);
    await expect(write([put('1'), put('2')])).rejects.toBe(error);
    expect([letters, told.includes('undone')]).toEqual([[], false]);
  });

  test('a mapping that no longer fits is told instead of parking', async () => {
    const { write, work, letters } = scene(data('n1'));
    const changed = new StranglerError('SCHEMA_CHANGED', 'a column is gone');
    const failing = { ...work, checkSchema: () => Promise.reject(changed) };
    await expect(writeInOrder(failing, [put('1')], collapseChanges([put('1')]))).rejects.toBe(
      changed,
    );
    expect(letters).toEqual([]);
    expect(await write([])).toBe(0);
  });

  test('a truncate that the data refuses has no row to wait with: it is thrown', async () => {
    const refused = Object.assign(new Error('a view'), { code: '23503' });
    const { write, letters } = scene(() => refused);
    await expect(write([truncate(0)])).rejects.toBe(refused);
    expect(letters).toEqual([]);
  });
});
