import { describe, expect, test } from '@jest/globals';
import { type FenceMark, nextMark, openings } from './fence-openings.ts';

const trigger = {
  id: '7',
  table: 'public.items',
  version: '100',
  enabled: 'A',
  clone: false,
};
const refuses = { version: '90', body: 'b', rights: 'r' };
const was: FenceMark = { system: '1', triggers: [trigger], refuses };
const told = (is: Partial<FenceMark>, stands = true): string[] =>
  openings(was, { ...was, ...is }, () => stands);

describe('a fence that was marked', () => {
  test('and is as it was, held', () => expect(told({})).toEqual([]));

  test.each<[string, Partial<FenceMark>, string[]]>([
    [
      'switched off',
      { triggers: [{ ...trigger, version: '101', enabled: 'D' }] },
      ['the fence of public.items was switched off'],
    ],
    [
      'switched off and on',
      { triggers: [{ ...trigger, version: '102' }] },
      ['the fence of public.items was switched off and on, or altered'],
    ],
    [
      'dropped and made again',
      { triggers: [{ ...trigger, id: '8', version: '103' }] },
      ['the fence of public.items was dropped'],
    ],
    [
      'given another function',
      { refuses: { ...refuses, version: '91', body: 'c' } },
      ['the function of the fence is another one'],
    ],
    ['without its function', { refuses: null }, ['the function of the fence is another one']],
    [
      'given another function, and its own back',
      { refuses: { ...refuses, version: '92' } },
      ['the function of the fence was replaced, and put back'],
    ],
    [
      'on another server',
      { system: '2', triggers: [{ ...trigger, id: '8' }] },
      ['the server is another one than the fence was set on (an upgrade or a restore)'],
    ],
  ])('and was %s is told', (_what, is, lines) => expect(told(is)).toEqual(lines));

  test('tells each table once, however many triggers it has', () =>
    expect(
      openings(
        { ...was, triggers: [trigger, { ...trigger, id: '8' }] },
        { ...was, triggers: [] },
        () => true,
      ),
    ).toEqual(['the fence of public.items was dropped']));

  test('does not hear of grants, of tables that went, nor of clones that went with their partition', () => {
    expect(told({ refuses: { ...refuses, version: '91', rights: 'other' } })).toEqual([]);
    expect(told({ triggers: [] }, false)).toEqual([]);
    const clone: FenceMark = { ...was, triggers: [{ ...trigger, clone: true }] };
    expect(openings(clone, { ...was, triggers: [] }, () => true)).toEqual([]);
  });

  test('and is lifted since holds nothing', () =>
    expect(openings({ ...was, triggers: [] }, { ...was, system: '2' }, () => true)).toEqual([]));
});

test('the next look knows what was switched off, and nothing of what was lifted before the fence was set', () => {
  const off = { ...trigger, version: '101', enabled: 'D' };
  const is: FenceMark = { ...was, triggers: [off, { ...off, id: '9' }] };
  expect(nextMark(is, was).triggers).toEqual([off]);
  expect(nextMark(is).triggers).toEqual([]);
  const again = { ...was, triggers: [{ ...trigger, version: '102' }] };
  expect(openings(nextMark(is, was), again, () => true)).toHaveLength(1);
});
