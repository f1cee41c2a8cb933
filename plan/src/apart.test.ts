import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { apart } from './apart.ts';
import type { RowCondition } from './table-mapping.ts';

test.each<[RowCondition | undefined, RowCondition | undefined, boolean]>([
  [{ kind: 'book' }, { kind: 'disc' }, true],
  [{ kind: ['book', 'atlas'] }, { kind: ['disc', 'atlas'] }, false],
  [{ kind: null }, { kind: 'disc' }, true],
  [{ kind: null }, { kind: null }, false],
  [{ kind: 'book' }, { shelf: 'a' }, false],
  [{ kind: 'book', shelf: 'a' }, { kind: 'book', shelf: 'b' }, true],
  [{ kind: 'book' }, undefined, false],
])('%j and %j are apart: %p', (one, other, expected) => {
  expect(apart(one, other)).toBe(expected);
  expect(apart(other, one)).toBe(expected);
});

test('conditions that are apart have no row in common, and of those that are not there is one', () => {
  const value = fc.oneof(
    fc.constant(null),
    fc.constantFrom('a', 'b'),
    fc.constant(['a', 'b']),
    fc.constant(['b', 'c']),
  );
  const condition = fc.dictionary(fc.constantFrom('x', 'y'), value, { noNullPrototype: true });
  const meets = (row: Record<string, string | null>, where: RowCondition): boolean =>
    Object.entries(where).every(([column, wanted]) =>
      wanted === null ? row[column] === null : [wanted].flat().includes(row[column] ?? ' '),
    );
  const values = [null, 'a', 'b', 'c'];
  const rows = values.flatMap((x) => values.map((y) => ({ x, y })));
  fc.assert(
    fc.property(condition, condition, (one, other) => {
      const common = rows.some((row) => meets(row, one) && meets(row, other));
      expect(apart(one, other)).toBe(!common);
    }),
  );
});
