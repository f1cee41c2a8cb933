import { describe, expect, test } from '@jest/globals';
import { judge, type Entry, type Found, type Verdict } from './ledger.ts';

const entry: Entry = { id: '1', sku: 'a', name: 'A', cents: 100, revisions: 2, deleted: false };
const found: Found = { name: 'A', cents: 100, revisions: 2 };
const held = (theirs: Found | undefined, ours: Entry = entry): Omit<Verdict, 'examples'> => {
  const verdict: Verdict = { lost: 0, doubled: 0, checked: 0, examples: [] };
  judge(ours, theirs, verdict);
  return { lost: verdict.lost, doubled: verdict.doubled, checked: verdict.checked };
};

describe('the ledger', () => {
  test.each([
    ['finds nothing wrong with what was acknowledged', found, entry, 0, 0],
    ['calls a missing product lost', undefined, entry, 1, 0],
    ['calls a missing adjustment lost', { ...found, cents: 90, revisions: 1 }, entry, 1, 0],
    [
      'calls an adjustment that happened twice doubled',
      { ...found, cents: 110, revisions: 3 },
      entry,
      0,
      1,
    ],
    ['calls a name that went back lost', { ...found, name: 'before' }, entry, 1, 0],
    ['calls a deletion that did not happen lost', found, { ...entry, deleted: true }, 1, 0],
    [
      'accepts both outcomes of an unanswered adjustment',
      { ...found, cents: 107, revisions: 3 },
      { ...entry, uncertain: { kind: 'price', cents: 7 } },
      0,
      0,
    ],
    [
      'accepts that an unanswered deletion happened',
      undefined,
      { ...entry, uncertain: { kind: 'delete' } },
      0,
      0,
    ],
    [
      'calls an unanswered adjustment that happened twice doubled',
      { ...found, cents: 114, revisions: 4 },
      { ...entry, uncertain: { kind: 'price', cents: 7 } },
      0,
      1,
    ],
  ] as const)('%s', (_name, theirs, ours, lost, doubled) => {
    expect(held(theirs, ours)).toEqual({ lost, doubled, checked: 1 });
  });
});
