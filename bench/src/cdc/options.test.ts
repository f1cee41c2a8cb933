import { describe, expect, test } from '@jest/globals';
import { parseCdcOptions, parts } from './options.ts';

describe('options of bench cdc', () => {
  test('everything is measured at full size unless said otherwise', () => {
    expect(parseCdcOptions([])).toEqual({
      parts,
      rounds: 5,
      rows: 200_000,
      seconds: 20,
      events: 10_000_000,
      transactionRows: 1_000_000,
      json: false,
    });
  });
  test('--quick is small, and what is named beside it still counts', () => {
    expect(parseCdcOptions(['--quick', '--rounds', '2', '--json'])).toMatchObject({
      rounds: 2,
      rows: 20_000,
      events: 200_000,
      json: true,
    });
  });
  test('--only names parts', () =>
    expect(parseCdcOptions(['--only', 'copy,stream'])).toMatchObject({
      parts: ['copy', 'stream'],
    }));
  test('--help asks for nothing else', () => expect(parseCdcOptions(['-h'])).toBeNull());
  test.each([
    [['--rounds', '0'], '--rounds'],
    [['--rows', 'many'], '--rows'],
    [['--only', 'copy,cpoy'], 'cpoy'],
    [['--colour'], '--colour'],
  ])('%j is refused, with what is wrong', (args, named) => {
    expect(() => parseCdcOptions(args)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^ERR_PARSE_ARGS/),
        message: expect.stringContaining(named),
      }),
    );
  });
});
