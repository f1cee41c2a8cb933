import { describe, expect, test } from '@jest/globals';
import { parseTimelineHistory } from './history.ts';
import { type FoundHistory, whyAnotherHistory } from './judge-history.ts';

const stored = { system: '7', timeline: 1, mark: { line: 'a', number: 5 } };
const position = 0x3000100n;
const same: FoundHistory = { system: '7', timeline: 1, ancestors: [], counted: 5 };
const judged = (found: Partial<FoundHistory>): string | null =>
  whyAnotherHistory(stored, position, { ...same, ...found });

describe('a source', () => {
  test.each<[string, Partial<FoundHistory>]>([
    ['as it was', {}],
    ['that wrote on', { counted: 6 }],
    [
      'whose standby took over after the position',
      { timeline: 2, ancestors: [{ timeline: 1, left: 0x3000100n }] },
    ],
    [
      'that was taken over twice',
      {
        timeline: 3,
        ancestors: [
          { timeline: 1, left: 0x3000200n },
          { timeline: 2, left: 0x4000000n },
        ],
      },
    ],
  ])('%s is the same', (_name, found) => {
    expect(judged(found)).toBeNull();
  });

  test.each<[string, Partial<FoundHistory>, RegExp]>([
    ['of another initdb', { system: '8' }, /system 8/],
    [
      'whose standby took over before the position',
      { timeline: 2, ancestors: [{ timeline: 1, left: 0x30000ffn }] },
      /left timeline 1 at 0\/30000FF/,
    ],
    [
      'of a timeline that comes from elsewhere',
      { timeline: 3, ancestors: [{ timeline: 2, left: 0x4000000n }] },
      /does not come from/,
    ],
    ['without our mark', { counted: null }, /is not there/],
    ['with fewer marks of our line', { counted: 4 }, /it has 4/],
  ])('%s is another one', (_name, found, why) => {
    expect(judged(found)).toMatch(why);
  });
});

test('a timeline history is read as the server writes it', () => {
  expect(
    parseTimelineHistory(
      '1\t0/3000060\tno recovery target specified\n\n2\tA/1\tbefore 2000-01-01\n',
    ),
  ).toEqual([
    { timeline: 1, left: 0x3000060n },
    { timeline: 2, left: 0xa00000001n },
  ]);
});
