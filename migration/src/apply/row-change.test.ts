import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyText } from './row-change.ts';

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
