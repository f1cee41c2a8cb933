import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isFoldable, isKeyed, keyText, type RowChange, touchedKeys } from './row-change.ts';

describe("a key's text", () => {
  test('does not depend on the order of columns, as jsonb has its own', () =>
    expect(keyText(1, { b: '2', a: '1' })).toBe(keyText(1, { a: '1', b: '2' })));
  test('tells tables and NULL from values', () => {
    expect(keyText(1, { a: '1' })).not.toBe(keyText(11, { a: '1' }));
    expect(new Set([null, '', '-', 'NULL'].map((a) => keyText(0, { a }))).size).toBe(4);
  });
  test('is another one for another key', () => {
    const value = fc.option(
      fc.string({ unit: fc.constantFrom('1', ':', '-', '2'), maxLength: 4 }),
      { nil: null },
    );
    fc.assert(
      fc.property(value, value, value, value, (a, b, c, d) =>
        expect(keyText(0, { x: a, y: b }) === keyText(0, { x: c, y: d })).toBe(a === c && b === d),
      ),
      { numRuns: 5000 },
    );
  });
});

describe('kinds of changes', () => {
  const base = { table: 3, key: { id: '2' }, transaction: 1n, events: [] };
  const row = { id: '2' };
  const kinds: Record<RowChange['kind'], RowChange> = {
    put: { ...base, kind: 'put', row, fresh: false },
    patch: { ...base, kind: 'patch', row, lenient: false },
    delete: { ...base, kind: 'delete' },
    rekey: { ...base, kind: 'rekey', oldKey: { id: '1' }, row, complete: false },
    invalid: { ...base, kind: 'invalid', error: new Error('no') },
    truncate: { table: 3, transaction: 1n, events: [], kind: 'truncate' },
    clear: { table: 3, transaction: 1n, events: [], kind: 'clear', columns: ['a'] },
  };
  const which = (test: (change: RowChange) => boolean): string[] =>
    Object.values(kinds)
      .filter(test)
      .map(({ kind }) => kind);

  test('those of one row, and those of them that may become one', () => {
    expect(which(isKeyed)).toEqual(['put', 'patch', 'delete', 'rekey', 'invalid']);
    expect(which(isFoldable)).toEqual(['put', 'patch', 'delete']);
  });
  test('a change of the key touches the old key and the new one, every other only its own', () => {
    for (const change of Object.values(kinds).filter(isKeyed))
      expect(touchedKeys(change)).toEqual([
        ...(change.kind === 'rekey' ? [keyText(3, { id: '1' })] : []),
        keyText(3, { id: '2' }),
      ]);
  });
  test('in all mappings of a table a row has one key', () => {
    const moved = { ...base, kind: 'rekey', oldKey: { id: '1' }, row, complete: false } as const;
    expect(touchedKeys(moved, [0, 1, 1, 1])).toEqual(touchedKeys({ ...moved, table: 1 }));
    expect(touchedKeys(moved, [0, 1, 1, 1])).toHaveLength(2);
  });
  test('one that the mapping cannot carry touches both keys too, if it changed the key', () => {
    const moved = {
      ...base,
      kind: 'invalid',
      oldKey: { id: '1' },
      error: new Error('no'),
    } as const;
    expect(touchedKeys(moved)).toEqual([keyText(3, { id: '1' }), keyText(3, { id: '2' })]);
  });
});
