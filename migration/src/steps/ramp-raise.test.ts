import { expect, test } from '@jest/globals';
import { raises } from './ramp-raise.ts';

type Flags = Parameters<typeof raises>[0];

test.each<[string, Flags, number, string[], boolean]>([
  ['a higher share', [{ percent: 25 }], 50, [], true],
  ['the same share', [{ percent: 25 }], 25, [], false],
  ['a lower share', [{ percent: 25 }], 5, [], false],
  ['a share above that of one of two routes', [{ percent: 50 }, { percent: 5 }], 25, [], true],
  ['somebody who is named anew', [{ percent: 0 }], 0, ['ann'], true],
  ['those who are named already', [{ percent: 0, identities: ['ann'] }], 0, ['ann'], false],
  [
    'somebody whom one of two routes does not name',
    [{ percent: 0, identities: ['ann'] }, { percent: 0 }],
    0,
    ['ann'],
    true,
  ],
  ['fewer names', [{ percent: 0, identities: ['ann', 'bob'] }], 0, ['bob'], false],
  ['a name where all are sent there already', [{ percent: 100 }], 100, ['ann'], false],
  ['no route', [], 100, ['ann'], false],
])('%s', (_what, now, percent, identities, expected) =>
  expect(raises(now, { percent, identities })).toBe(expected),
);
