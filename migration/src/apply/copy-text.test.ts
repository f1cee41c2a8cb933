import { describe, expect, test } from '@jest/globals';
import { copyValue } from './copy-text.ts';

describe('a value in the text format of COPY', () => {
  test.each([
    ['plain', 'plain'],
    ['', ''],
    [null, '\\N'],
    ['\\N', '\\\\N'],
    ['\\.', '\\\\.'],
    ['a\tb\nc\rd\\e', 'a\\tb\\nc\\rd\\\\e'],
    ['\\x00ff', '\\\\x00ff'],
    ['ü, "quoted" and \u2028', 'ü, "quoted" and \u2028'],
  ])('%j', (value, expected) => {
    expect(copyValue(value)).toBe(expected);
  });
});
