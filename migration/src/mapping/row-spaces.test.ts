import { expect, test } from '@jest/globals';
import type { CompiledTable } from './compiled-mapping.ts';
import { rowSpaces, sharesTables } from './row-spaces.ts';

const table = (monolith: string, ...parts: string[]): CompiledTable =>
  ({
    monolith: { schema: 'public', table: monolith },
    parts: parts.map((name) => ({ service: { schema: 'public', table: name } })),
  }) as unknown as CompiledTable;

test.each([
  ['tables of their own', [table('a', 'x'), table('b', 'y')], [0, 1], false, false],
  [
    'one name on both sides is not one table',
    [table('a', 'b'), table('b', 'a')],
    [0, 1],
    false,
    false,
  ],
  [
    'one table of the monolith',
    [table('z', 'w'), table('a', 'x'), table('a', 'y')],
    [0, 1, 1],
    true,
    false,
  ],
  [
    'one table of the service',
    [table('a', 'x', 'p'), table('b', 'y'), table('c', 'p')],
    [0, 1, 0],
    false,
    true,
  ],
  [
    'a table in common with two that had none',
    [table('a', 'x'), table('b', 'y'), table('b', 'x')],
    [0, 0, 0],
    true,
    true,
  ],
])('%s', (_what, tables, spaces, monolith, service) => {
  expect(rowSpaces({ tables })).toEqual(spaces);
  expect(sharesTables({ tables }, 'monolith')).toBe(monolith);
  expect(sharesTables({ tables }, 'service')).toBe(service);
});
