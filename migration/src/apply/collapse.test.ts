import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ChangeEvent } from '../stream/change-event.ts';
import { collapseChanges, foldChanges, foldParts } from './collapse.ts';
import type { FoldableChange, LogicalRow, RowChange } from './row-change.ts';

type State = Map<string, LogicalRow>;

const keyOf = (key: LogicalRow): string => String(key['id']);

/** What the statements do, row by row. A new row gets 'fresh' in the column that the mapping does not know. */
function applyOne(state: State, change: RowChange): void {
  if (change.kind === 'truncate') return state.clear();
  if (change.kind === 'clear' || change.kind === 'invalid') return;
  const key = keyOf(change.key);
  switch (change.kind) {
    case 'put':
      if (change.fresh) state.delete(key);
      state.set(key, { left: 'fresh', ...state.get(key), ...change.row });
      break;
    case 'patch': {
      const row = state.get(key);
      if (row !== undefined) state.set(key, { ...row, ...change.row });
      else if (!change.lenient) throw new Error('row missing');
      break;
    }
    case 'delete':
      state.delete(key);
      break;
    case 'rekey': {
      const row = state.get(keyOf(change.oldKey));
      state.delete(keyOf(change.oldKey));
      state.set(key, { ...row, ...change.row });
      break;
    }
  }
}

const value = fc.option(fc.string({ maxLength: 3 }), { nil: null });
const operation = fc.record({
  kind: fc.constantFrom('insert', 'update', 'partial', 'delete', 'rekey', 'truncate'),
  id: fc.integer({ min: 1, max: 4 }),
  to: fc.integer({ min: 1, max: 4 }),
  a: value,
  b: value,
});

/** Only what a database can do: updates of rows that exist, inserts of rows that do not. */
function sensible(
  operations: readonly {
    kind: string;
    id: number;
    to: number;
    a: string | null;
    b: string | null;
  }[],
): RowChange[] {
  const present = new Set<number>();
  const changes: RowChange[] = [];
  const base = { table: 0, transaction: 1n, events: [] };
  for (const { kind, id, to, a, b } of operations) {
    const key = { id: String(id) };
    if (kind === 'truncate') {
      present.clear();
      changes.push({ ...base, kind: 'truncate' });
    } else if (!present.has(id)) {
      present.add(id);
      changes.push({ ...base, kind: 'put', key, row: { ...key, a, b }, fresh: false });
    } else if (kind === 'delete') {
      present.delete(id);
      changes.push({ ...base, kind: 'delete', key });
    } else if (kind === 'partial') {
      changes.push({ ...base, kind: 'patch', key, row: { ...key, a }, lenient: false });
    } else if (kind === 'rekey' && !present.has(to)) {
      present.delete(id);
      present.add(to);
      changes.push({
        ...base,
        kind: 'rekey',
        key: { id: String(to) },
        oldKey: key,
        row: { id: String(to), a },
        complete: false,
      });
    } else {
      changes.push({ ...base, kind: 'put', key, row: { ...key, a, b }, fresh: false });
    }
  }
  return changes;
}

describe('collapsing changes', () => {
  test('leaves the same rows as applying every change in order', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const changes = sensible(operations);
        const expected: State = new Map();
        for (const change of changes) applyOne(expected, change);
        const actual: State = new Map();
        for (const step of collapseChanges(changes)) {
          if (step.kind === 'barrier') applyOne(actual, step.change);
          // deletes, then whole rows, then parts of rows: the order of the statements
          else
            for (const kind of ['delete', 'put', 'patch'])
              for (const change of step.changes) if (change.kind === kind) applyOne(actual, change);
        }
        const sorted = (state: State): unknown => [...state].sort(([a], [b]) => (a < b ? -1 : 1));
        expect(sorted(actual)).toEqual(sorted(expected));
      }),
      { numRuns: 2000 },
    );
  });

  test('names a row at most once per step', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        for (const step of collapseChanges(sensible(operations))) {
          if (step.kind !== 'rows') continue;
          const keys = step.changes.map((change) => keyOf(change.key));
          expect(new Set(keys).size).toBe(keys.length);
        }
      }),
    );
  });
});

describe('two changes of one row as one', () => {
  const key = { id: '1' };
  const [first, second] = ['first', 'second'] as unknown as [ChangeEvent, ChangeEvent];
  const base = { table: 2, key, transaction: 5n, events: [first] };
  const put = (a: string, fresh = false, created?: boolean): FoldableChange => ({
    ...base,
    kind: 'put',
    row: { ...key, a, b: a },
    fresh,
    ...(created !== undefined && { created }),
  });
  const patch = (a: string, lenient = false): FoldableChange => ({
    ...base,
    kind: 'patch',
    row: { ...key, a },
    lenient,
  });
  const gone: FoldableChange = { ...base, kind: 'delete' };
  const row = (a: string, b: string) => ({ ...key, a, b });

  test.each<[string, FoldableChange, FoldableChange, object | null]>([
    ['made, deleted', put('x'), gone, { kind: 'delete' }],
    ['deleted, made', gone, put('y'), { kind: 'put', row: row('y', 'y'), fresh: true }],
    ['made twice', put('x'), put('y'), { kind: 'put', row: row('y', 'y'), fresh: false }],
    ['… on a free place', put('x', true), put('y'), { kind: 'put', fresh: true }],
    ['… which the later found', put('x'), put('y', true), { kind: 'put', fresh: true }],
    [
      'created, written',
      put('x', false, true),
      put('y'),
      { kind: 'put', fresh: false, created: true },
    ],
    [
      'changed, made',
      patch('x'),
      put('y'),
      { kind: 'put', row: row('y', 'y'), fresh: false, created: false },
    ],
    [
      'made, changed',
      put('x', true, true),
      patch('y'),
      { kind: 'put', row: row('y', 'x'), fresh: true, created: true },
    ],
    ['deleted, changed', gone, patch('y'), null],
    ['deleted, changed if there', gone, patch('y', true), { kind: 'delete' }],
    [
      'changed twice',
      patch('x', true),
      patch('y', true),
      { kind: 'patch', row: { ...key, a: 'y' }, lenient: true },
    ],
    ['… where one must find it', patch('x', true), patch('y'), { kind: 'patch', lenient: false }],
    ['… the earlier', patch('x'), patch('y', true), { kind: 'patch', lenient: false }],
  ])('%s', (_name, earlier, later, expected) => {
    const folded = foldChanges(earlier, { ...later, transaction: 6n }, [first, second]);
    if (expected === null) expect(folded).toBeNull();
    else
      expect(folded).toMatchObject({
        ...expected,
        table: 2,
        key,
        transaction: 6n,
        events: [first, second],
      });
  });

  const barrier: RowChange = { table: 2, transaction: 5n, events: [first], kind: 'truncate' };
  const other = { ...put('z'), key: { id: '2' } };

  test('a step names the last of the events, and its rows in the order in which they were last written', () => {
    expect(collapseChanges([put('x'), other, { ...put('y'), events: [second] }])).toMatchObject([
      { kind: 'rows', changes: [{ key: { id: '2' } }, { key, events: [second] }] },
    ]);
    expect(collapseChanges([])).toEqual([]);
    expect(collapseChanges([barrier])).toEqual([{ kind: 'barrier', change: barrier }]);
    expect(collapseChanges([gone, patch('y')])).toMatchObject([
      { kind: 'rows', changes: [{ kind: 'delete' }] },
      { kind: 'rows', changes: [{ kind: 'patch' }] },
    ]);
  });

  test('parts of a row become one within a transaction, with all their events', () => {
    expect(foldParts([put('x'), { ...patch('y'), events: [second] }])).toMatchObject([
      { kind: 'put', row: row('y', 'x'), events: [first, second] },
    ]);
  });
  test('… never across two transactions, a barrier, or another row or table', () => {
    expect(foldParts([put('x'), { ...patch('y'), transaction: 6n }])).toHaveLength(2);
    expect(foldParts([put('x'), barrier, patch('y')]).map(({ kind }) => kind)).toEqual([
      'put',
      'truncate',
      'patch',
    ]);
    expect(foldParts([put('x'), { ...patch('y'), key: { id: '2' } }])).toHaveLength(2);
    expect(foldParts([put('x'), { ...patch('y'), table: 3 }])).toHaveLength(2);
  });
  test('… and what only their order can tell stays two, in order', () => {
    expect(foldParts([gone, patch('y')]).map(({ kind }) => kind)).toEqual(['delete', 'patch']);
    expect(foldParts([put('x'), other, patch('y')])).toMatchObject([
      { key: { id: '2' } },
      { key, row: row('y', 'x') },
    ]);
  });
});
