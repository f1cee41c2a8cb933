import { expect, test } from '@jest/globals';
import { tellingApart } from './telling-apart.ts';

test.each([
  [[{ kind: 'book' }, { kind: 'disc' }], ['kind']],
  [
    [
      { kind: 'book', at: 'x' },
      { at: 'x', kind: 'disc' },
    ],
    ['kind'],
  ],
  [
    [
      { a: '1', b: '1' },
      { a: '1', b: '2' },
      { a: '2', b: '1' },
    ],
    ['a', 'b'],
  ],
  [[{ kind: 'book' }, { kind: 'disc' }, { kind: 'book' }], []],
  [[{ kind: 'book' }, { kind: null }], []],
  [[{ kind: 'book' }, { sort: 'disc' }], []],
  [[{ kind: 'book' }, {}], []],
  [[{}, {}], []],
])('%j: %j', (mappings, columns) => expect(tellingApart(mappings)).toEqual(columns));
