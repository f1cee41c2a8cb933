import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { collapseChanges } from './collapse.ts';
import type { LogicalRow, RowChange } from './row-change.ts';

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
