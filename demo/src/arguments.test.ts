import { expect, test } from '@jest/globals';
import { readArguments } from './arguments.ts';

test('without any it is the whole story, embedded', () => {
  expect(readArguments([])).toEqual({
    fast: false,
    stay: false,
    json: false,
    byHand: false,
    settings: undefined,
    transport: 'embedded',
    pace: 1,
  });
  expect(readArguments(['--fast', '--json'])).toMatchObject({ fast: true, json: true });
  expect(readArguments(['--stay', '--settings', 'x'])).toMatchObject({ settings: 'x' });
  expect(readArguments(['--help', '--fast'])).toBe('help');
});

test.each([
  [['--transport', 'pigeon'], /embedded or kafka, not pigeon/],
  [['--pace', '0'], /above 0, not 0/],
  [['--pace', 'x'], /above 0, not x/],
  [['--fast', '--by-hand'], /leave one of them out/],
  [['--settings', 'x'], /for --by-hand or --stay/],
  [['--nonsense'], /--nonsense/],
  [['fast'], /fast/],
])('%j is refused in words', (args, words) => {
  expect(() => readArguments(args)).toThrow(words);
});
