import { describe, expect, test } from '@jest/globals';
import type { RowChange } from './row-change.ts';
import { withGaps } from './with-gaps.ts';

const base = { table: 2, transaction: 7n, events: [] };
const key = { id: '1' };

describe('changes of rows that may not be there yet', () => {
  test.each<[string, RowChange]>([
    ['a whole row', { ...base, kind: 'put', key, row: { id: '1', a: 'x' }, fresh: false }],
    ['a row that goes', { ...base, kind: 'delete', key }],
    [
      'a whole row with another key',
      {
        ...base,
        kind: 'rekey',
        key,
        oldKey: { id: '0' },
        row: { id: '1', a: 'x' },
        complete: true,
      },
    ],
    ['an emptied table', { ...base, kind: 'truncate' }],
    ['what cannot be carried', { ...base, kind: 'invalid', key, error: new Error('no') }],
  ])('%s stays as it is', (_name, change) => {
    expect(withGaps([change])).toEqual({ changes: [change], parts: [] });
  });

  test.each<[string, RowChange]>([
    ['a part of a row', { ...base, kind: 'patch', key, row: { id: '1' }, lenient: false }],
    [
      'a part of a row with another key',
      { ...base, kind: 'rekey', key, oldKey: { id: '0' }, row: { id: '1' }, complete: false },
    ],
  ])('%s need not find it, and the row as it is called now is told', (_name, change) => {
    expect(withGaps([change])).toEqual({
      changes: [{ ...change, lenient: true }],
      parts: [{ table: 2, key }],
    });
  });
});
