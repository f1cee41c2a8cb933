import { describe, expect, test } from '@jest/globals';
import { lsnFromText, lsnToText } from './lsn.ts';

describe('log positions', () => {
  test.each([
    ['0/0', 0n],
    ['0/16B3748', 0x16b3748n],
    ['1/0', 1n << 32n],
    ['FFFFFFFF/FFFFFFFF', (1n << 64n) - 1n],
  ])('%s is the number %s and back', (text, lsn) => {
    expect(lsnFromText(text)).toBe(lsn);
    expect(lsnToText(lsn)).toBe(text);
  });
  test('lower-case and padded forms are understood', () =>
    expect(lsnFromText('0000000a/0000000b')).toBe((10n << 32n) | 11n));
  test.each(['', '0', '0/', 'x/1', '123456789/0', '0/1/2'])('%j is refused', (text) =>
    expect(() => lsnFromText(text)).toThrow(RangeError),
  );
});
