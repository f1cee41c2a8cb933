import { describe, expect, test } from '@jest/globals';
import { parseTableName, quoteIdentifier, quoteLiteral, quoteTable } from './identifiers.ts';

describe('identifiers', () => {
  test.each([
    ['products', { schema: 'public', table: 'products' }],
    ['shop.products', { schema: 'shop', table: 'products' }],
    ['Shop.Products', { schema: 'Shop', table: 'Products' }],
    ['"Order Lines"', { schema: 'public', table: 'Order Lines' }],
    ['shop."a.b"', { schema: 'shop', table: 'a.b' }],
    ['"a""b".c', { schema: 'a"b', table: 'c' }],
  ])('%s is understood', (text, name) => expect(parseTableName(text)).toEqual(name));
  test.each(['', '.', 'a.', '.a', 'a.b.c', '"', 'a"b', '""'])('%j is refused', (text) =>
    expect(() => parseTableName(text)).toThrow(/not a table name/),
  );
  test('quotes in names cannot end the name', () =>
    expect(quoteTable({ schema: 'a"; DROP', table: 'b' })).toBe('"a""; DROP"."b"'));
  test('an empty name is refused', () => expect(() => quoteIdentifier('')).toThrow());
  test('quotes and backslashes in literals cannot end the literal', () => {
    expect(quoteLiteral("it's")).toBe("'it''s'");
    expect(quoteLiteral("\\'")).toBe(" E'\\\\'''");
  });
});
