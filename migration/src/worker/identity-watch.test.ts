import { expect, test } from '@jest/globals';
import type { Change } from '../identity/what-changed.ts';
import { scopesOf } from './identity-watch.ts';

const change = (rest: Partial<Change>): Change => ({
  severity: 'reread',
  kind: 'partition',
  table: 'public.a',
  text: '',
  ...rest,
});
const newLeaf = { side: 'monolith', oid: '7' } as const;

test.each<[what: string, changes: Change[], scopes: unknown[]]>([
  [
    'a new partition alone is read alone',
    [change({ newLeaf }), change({ table: 'public.b' })],
    [
      { of: 'table', table: 'public.b' },
      { of: 'leaf', table: 'public.a', side: 'monolith', oid: '7' },
    ],
  ],
  [
    'a table that is read whole is read once, with its new partitions',
    [change({ newLeaf }), change({}), change({})],
    [{ of: 'table', table: 'public.a' }],
  ],
  [
    'what is not about a table is about all',
    [change({}), change({ table: null })],
    [{ of: 'everything' }],
  ],
])('%s', (_what, changes, scopes) => {
  expect(scopesOf(changes)).toEqual(scopes);
});
