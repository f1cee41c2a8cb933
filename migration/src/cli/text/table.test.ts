import { expect, test } from '@jest/globals';
import { table } from './table.ts';

test('columns are as wide as their widest cell, and no line ends in spaces', () => {
  expect(
    table([
      ['flag', 'percent'],
      ['catalog.list-products', '5 %'],
      ['x', ''],
    ]),
  ).toBe('flag                   percent\ncatalog.list-products  5 %\nx');
});
