import { describe, expect, test } from '@jest/globals';
import { deletesFirst } from './deletes-first.ts';
import type { RowChange } from './row-change.ts';

const base = (table: number, id: string, transaction = 1n) => ({
  table,
  key: { id },
  transaction,
  events: [],
});
const put = (table: number, id: string, transaction?: bigint): RowChange => ({
  ...base(table, id, transaction),
  kind: 'put',
  row: { id },
  fresh: false,
});
const gone = (table: number, id: string, transaction?: bigint): RowChange => ({
  ...base(table, id, transaction),
  kind: 'delete',
});
const truncate = (table: number): RowChange => ({
  kind: 'truncate',
  table,
  transaction: 1n,
  events: [],
});
const clear = (table: number): RowChange => ({
  kind: 'clear',
  table,
  columns: [],
  transaction: 1n,
  events: [],
});
const rekey = (table: number, from: string, id: string): RowChange => ({
  ...base(table, id),
  kind: 'rekey',
  oldKey: { id: from },
  row: { id },
  complete: true,
});
const told = (changes: readonly RowChange[]): string =>
  changes
    .map(
      (change) => `${change.kind}${change.table}${'key' in change ? `:${change.key['id']}` : ''}`,
    )
    .join(' ');

describe('what goes before what comes', () => {
  test.each([
    ['a row that passes over', [put(1, '5'), gone(0, '5')], 'delete0:5 put1:5'],
    [
      'many, in their order',
      [put(1, '5'), gone(0, '6'), gone(0, '5')],
      'delete0:6 delete0:5 put1:5',
    ],
    [
      'not what was touched before',
      [put(0, '5'), put(1, '5'), gone(0, '5')],
      'put0:5 put1:5 delete0:5',
    ],
    ['nor what got its key before', [rekey(0, '4', '5'), gone(0, '5')], 'rekey0:5 delete0:5'],
    ['nor what lost it', [rekey(0, '5', '6'), gone(0, '5')], 'rekey0:6 delete0:5'],
    ['past a key that another takes', [rekey(1, '4', '5'), gone(0, '5')], 'delete0:5 rekey1:5'],
    ['a table that is emptied', [put(1, '5'), truncate(0)], 'truncate0 put1:5'],
    ['not where it was written to', [put(0, '5'), truncate(0)], 'put0:5 truncate0'],
    ['nor past what concerned all rows', [clear(0), gone(0, '5')], 'clear0 delete0:5'],
    [
      'nor past an emptying that stays',
      [put(0, '6'), truncate(0), gone(0, '5')],
      'put0:6 truncate0 delete0:5',
    ],
    ['nothing at all', [], ''],
  ])('%s', (_what, changes, expected) => expect(told(deletesFirst(changes))).toBe(expected));

  test('each transaction for itself: an earlier one has made what a later one takes away', () =>
    expect(told(deletesFirst([put(0, '5', 1n), put(1, '5', 2n), gone(0, '5', 2n)]))).toBe(
      'put0:5 delete0:5 put1:5',
    ));
});
