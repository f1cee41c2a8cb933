import { describe, expect, test } from '@jest/globals';
import type { ColumnText } from '../stream/change-event.ts';
import { encodeRow } from '../../test/encode-row.ts';
import { copyEncoded, copyValue, mostCopyBytes } from './copy-text.ts';

const cases: [ColumnText, string][] = [
  ['', ''],
  ['plain', 'plain'],
  [null, '\\N'],
  ['\\N', '\\\\N'],
  ['\\.', '\\\\.'],
  ['a\tb\nc\rd\\e', 'a\\tb\\nc\\rd\\\\e'],
  ['\\x00ff', '\\\\x00ff'],
  ['\b\f\v', '\b\f\v'],
  ['ü, "quoted" and \u2028 😀', 'ü, "quoted" and \u2028 😀'],
];

describe('a value in the text format of COPY', () => {
  test.each(cases)('%j', (value, expected) => {
    expect(copyValue(value)).toBe(expected);
  });
});

describe('a row as it came', () => {
  const row = encodeRow(Object.fromEntries(cases.map(([value], index) => [`c${index}`, value])));
  const written = (taken: readonly boolean[]): string => {
    const out = Buffer.alloc(mostCopyBytes(row) + 10, '?');
    return out.toString('utf8', 7, copyEncoded(row, taken, out, 7));
  };
  test('is written as its values would be', () => {
    expect(written(cases.map(() => true))).toBe(cases.map(([, text]) => text).join('\t'));
  });
  test.each(cases.map((_, index) => index))(
    'without the columns that nobody takes, here the one at %i and every second one',
    (one) => {
      const taken = cases.map((_, index) => index !== one && (index - one) % 2 !== 0);
      expect(written(taken)).toBe(
        cases
          .filter((_, index) => taken[index])
          .map(([, text]) => text)
          .join('\t'),
      );
    },
  );
  test('needs no more room than is said, whatever it holds', () => {
    for (const value of [null, '', '\n', '\\\\\\\\', 'ü\n']) {
      const narrow = encodeRow({ a: value, b: value, c: value });
      expect(copyEncoded(narrow, [true, true, true], Buffer.alloc(100), 0)).toBeLessThanOrEqual(
        mostCopyBytes(narrow),
      );
    }
  });
});
