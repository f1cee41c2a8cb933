import { expect, test } from '@jest/globals';
import { verifyText } from './verify.ts';

const products = (
  differing: number,
  unsettled = 0,
): Parameters<typeof verifyText>[0]['tables'][number] => ({
  table: 'shop.products',
  rows: 120,
  chunks: 1,
  differing: Array.from({ length: differing }, (_, index) => ({
    key: [String(index + 1)],
    part: 'catalog.products',
    kind: 'different',
    columns: [
      { name: 'price', monolith: '1', service: '2' },
      { name: 'name', monolith: 'a', service: 'b' },
    ],
  })),
  unsettled,
  unsettledKeys: [],
  truncated: false,
});

test('tables that agree are a table and a sum', () => {
  const text = verifyText({
    tables: [products(0)],
    rowsCompared: 120,
    differences: 0,
    unsettled: 0,
    orphans: [],
    underived: [],
    seconds: 1.26,
  });
  expect(text.split('\n')).toEqual([
    'table          rows  differing  unsettled',
    'shop.products  120   0          0',
    '120 rows compared, 0 differ, 1.3 s',
  ]);
});

test('rows that differ are named with their columns, twenty of a table at most', () => {
  const lines = verifyText({
    tables: [products(21, 2)],
    rowsCompared: 120,
    differences: 21,
    unsettled: 2,
    orphans: [],
    underived: [],
    seconds: 1,
  }).split('\n');
  expect(lines[2]).toBe('shop.products ["1"] different: price, name');
  expect(lines).toHaveLength(2 + 20 + 1);
  expect(lines.at(-1)).toBe(
    '120 rows compared, 21 differ, 2 unsettled, not differing: run again, 1.0 s',
  );
});

test('derived columns that hold something else are named, and why one cannot be computed', () => {
  const text = verifyText({
    tables: [products(0)],
    rowsCompared: 120,
    differences: 0,
    unsettled: 0,
    orphans: [],
    underived: [
      { table: 'products', column: 'search', rows: 7, keys: [['1'], ['2']] },
      { table: 'products', column: 'share', rows: 0, keys: [], failure: 'division by zero' },
      { table: 'goods', column: 'tags', list: 'good_tags', rows: 2, keys: [['7'], ['8']] },
      { table: 'goods', column: 'urls', list: 'links', rows: 0, keys: [], failure: 'not on' },
    ],
    seconds: 1,
  });
  expect(text.split('\n').slice(2, 6)).toEqual([
    '7 rows of the monolith hold another products.search than its expression says: ["1"], ["2"]',
    'products.share cannot be computed for every row of the monolith: division by zero',
    '2 rows of the service hold another goods.tags than their rows in good_tags make: ["7"], ["8"]',
    'goods.urls does not follow links: not on',
  ]);
});
