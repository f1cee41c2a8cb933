import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { arrayLiteral } from './array-literal.ts';

/** PostgreSQL's rules for an array's text (documentation, "Array Input and Output Syntax"), for elements as we write them. */
function read(literal: string): (string | null)[] {
  return [...literal.slice(1, -1).matchAll(/"((?:[^"\\]|\\.)*)"|(NULL)/gsu)].map(([, quoted]) =>
    quoted === undefined ? null : quoted.replaceAll(/\\(.)/gsu, '$1'),
  );
}

describe('an array in text form', () => {
  test('tells NULL, the word NULL and the empty string apart', () =>
    expect(arrayLiteral([null, 'NULL', ''])).toBe('{NULL,"NULL",""}'));
  test('escapes quotes and backslashes and nothing else', () =>
    expect(arrayLiteral(['a"b', 'c\\d', '{e,f}', '\\"', 'ä€😀\n'])).toBe(
      '{"a\\"b","c\\\\d","{e,f}","\\\\\\"","ä€😀\n"}',
    ));
  test('is the same for a list that needs no escape', () => {
    expect(arrayLiteral(['a', '', 'c d'])).toBe('{"a","","c d"}');
    expect(arrayLiteral([''])).toBe('{""}');
    expect(arrayLiteral([])).toBe('{}');
    expect(arrayLiteral(['x'.repeat(1_000_000), 'y'])).toBe(`{"${'x'.repeat(1_000_000)}","y"}`);
  });
  test('reads back as what was written', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.option(
            fc.string({
              unit: fc.constantFrom('"', '\\', ',', '{', '}', 'N', ' ', 'é', '😀', '\n'),
            }),
            { nil: null },
          ),
        ),
        (values) => expect(read(arrayLiteral(values))).toEqual(values),
      ),
    );
  });
});
