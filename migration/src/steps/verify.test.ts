import { expect, test } from '@jest/globals';
import { isClean } from './verify.ts';

const clean: Parameters<typeof isClean>[0] = {
  tables: [],
  rowsCompared: 0,
  differences: 0,
  unsettled: 0,
  orphans: [],
  underived: [],
  seconds: 0,
};
const search = { table: 'products', column: 'search', keys: [] };

test.each([
  [true, {}],
  [false, { underived: [{ ...search, rows: 2 }] }],
  [false, { underived: [{ ...search, rows: 0, failure: 'division by zero' }] }],
])('clean is %s of %j', (is, found) => expect(isClean({ ...clean, ...found })).toBe(is));
