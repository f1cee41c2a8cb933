import { expect, test } from '@jest/globals';
import type { Row } from '../stream/change-event.ts';
import type { Source } from './mapped-source.ts';
import { isStray } from './stray-rows.ts';

const sources = ['car', 'boat'].map(
  (kind) => ({ where: { condition: { kind }, byKey: true } }) as unknown as Source,
);

test.each<[string, 'c' | 'u' | 'd' | 't', Row | null, Row | null, boolean]>([
  ['a kind that a mapping names', 'c', null, { kind: 'boat' }, false],
  ['one that none names', 'c', null, { kind: 'sledge' }, true],
  ['one that came to be none', 'u', { kind: 'car' }, { kind: 'sledge' }, true],
  ['one that was none', 'u', { kind: 'sledge' }, { kind: 'car' }, false],
  ['what is gone is nobody any more', 'd', { kind: 'sledge' }, null, false],
  ['nor what an emptying left', 't', null, null, false],
])('%s', (_what, op, before, after, stray) =>
  expect(isStray(sources, { op, before, after })).toBe(stray),
);
