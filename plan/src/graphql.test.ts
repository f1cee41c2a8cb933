import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ReadDocument, readDocument, selectOperation } from './graphql.ts';
import type { Operation } from './routing/operations.ts';

const fieldsOf = (text: string): readonly (readonly string[])[] => {
  const read = readDocument(text);
  return read.kind === 'operations' ? read.operations.map(({ fields }) => fields) : [];
};

describe('a document', () => {
  test('tells type, name and root fields of each operation', () => {
    expect(readDocument('query A { a } mutation B($x: Int = 1) @d { b(x: $x) { c } }')).toEqual({
      kind: 'operations',
      operations: [
        { type: 'query', name: 'A', fields: ['a'] },
        { type: 'mutation', name: 'B', fields: ['b'] },
      ],
    });
    expect(fieldsOf('subscription { s }')).toEqual([['s']]);
  });
  test('shows through aliases, fragments and directives', () => {
    expect(fieldsOf('{ x: a, y: a @skip(if: true), b }')).toEqual([['a', 'b']]);
    expect(
      fieldsOf('{ ... { a } ... on Q @include(if: $n) { ...F } } fragment F on Q { b { c } }'),
    ).toEqual([['a', 'b']]);
    expect(fieldsOf('{ ...A } fragment A on Q { ...B a } fragment B on Q { ...A ...A b }')).toEqual(
      [['a', 'b']],
    );
    expect(fieldsOf('{ ...gone a }')).toEqual([['a']]);
    expect(fieldsOf('\ufeff# comment mutation\n{ a(text: """mutation { b }""") }')).toEqual([
      ['a'],
    ]);
  });
  test('with words of newer and older servers is read as well', () => {
    expect(fieldsOf('"what it does" query A { a }')).toEqual([['a']]);
    expect(fieldsOf('{ ...F } fragment F($x: Int) on Q { a }')).toEqual([['a']]);
  });

  const kindOf = (text: string): ReadDocument['kind'] => readDocument(text).kind;
  test('that no server takes for an operation is nonsense, but one with the word mutation in doubt', () => {
    for (const text of ['{ a', 'query', '', 'hello', 'fragment F on Q { a }', 'type A { a: Int }'])
      expect([text, kindOf(text)]).toEqual([text, 'nonsense']);
    for (const text of [
      'mutation { a',
      'mutation X { a } }',
      '{ a mutation',
      '{ a } fragment F on Q { b } fragment F on Q { c }',
    ])
      expect([text, kindOf(text)]).toEqual([text, 'unreadable']);
  });
  test('of any depth and length ends soon', () => {
    const deep = (levels: number) => `${'{a'.repeat(levels)}${'}'.repeat(levels)}`;
    expect(kindOf(deep(200))).toBe('operations');
    expect(kindOf(deep(4_900))).not.toBe('nonsense');
    expect(kindOf(deep(100_000))).toBe('unreadable');
    expect(kindOf(`{ ${'a '.repeat(20_000)} }`)).toBe('unreadable');
    expect(kindOf(`{ a(x: ${'['.repeat(9_000)}${']'.repeat(900)}) }`)).not.toBe('operations');
    const spreads = Array.from(
      { length: 500 },
      (_, n) => `fragment F${n} on Q { ...F${n + 1} ...F${n + 1} }`,
    );
    expect(fieldsOf(`{ ...F0 } ${spreads.join(' ')} fragment F500 on Q { end }`)).toEqual([
      ['end'],
    ]);
  });
  test('never throws, and its fields are names of it', () => {
    const word = fc.constantFrom(
      '{',
      '}',
      'mutation',
      'query',
      'a',
      'b:',
      '...',
      'on',
      'fragment',
      'F',
      '(',
      ')',
      '"',
      '#',
      '\n',
      '@skip',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        const text = words.join(' ');
        const read = readDocument(text);
        if (read.kind !== 'operations') return;
        for (const { fields, type } of read.operations) {
          for (const field of fields) expect(text).toContain(field);
          if (type === 'mutation') expect(text).toContain('mutation');
        }
      }),
    );
  });
});

describe('of several operations', () => {
  const operation = (name: string | undefined): Operation => ({
    type: 'query',
    name,
    fields: ['a'],
  });
  const [a, b] = [operation('A'), operation('B')];
  test('the named one is meant; one alone in any case', () => {
    expect(selectOperation([a, b], ['B'])).toBe(b);
    expect(selectOperation([a, b], ['B', '', 'B'])).toBe(b);
    expect(selectOperation([a], ['Other'])).toBe(a);
  });
  test('without one certain name nobody guesses', () => {
    expect(selectOperation([a, b], [''])).toMatch(/not certain/);
    expect(selectOperation([a, b], ['A', 'B'])).toMatch(/not certain/);
    expect(selectOperation([a, b], ['C'])).toMatch(/not one operation C/);
    expect(selectOperation([a, a], ['A'])).toMatch(/not one operation A/);
  });
});
