import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { wrap } from './wrap.ts';

describe('a line that is too long for the screen', () => {
  test('goes on below its text, with whole words', () => {
    expect(wrap('  ✔ the service owns the catalog', 20)).toEqual([
      '  ✔ the service owns',
      '    the catalog',
    ]);
    expect(wrap('    flags   one 1 %, two 2 %, three 3 %', 30)).toEqual([
      '    flags   one 1 %, two 2 %,',
      '            three 3 %',
    ]);
    expect(wrap('  → go  ✗ owned: 0 days (needs 14 days)', 30)).toEqual([
      '  → go  ✗ owned: 0 days (needs',
      '          14 days)',
    ]);
  });

  test('keeps a number and its unit together', () => {
    expect(wrap('  flags  one 1 %, two 100 %, three 2 s', 25)).toEqual([
      '  flags  one 1 %, two',
      '         100 %, three 2 s',
    ]);
    expect(wrap('lag  in about 20 ms', 16)).toEqual(['lag  in about', '     20 ms']);
    // a word that only begins as a unit does
    expect(wrap('in 5 minutes', 6)).toEqual(['in 5', 'minutes']);
  });

  test('whatever its colours are', () => {
    const red = (text: string): string => `\u001B[31m${text}\u001B[39m`;
    expect(wrap(`  next  ${red('strangler')} status ${red('catalog')}`, 24)).toEqual([
      `  next  ${red('strangler')} status`,
      `        ${red('catalog')}`,
    ]);
  });

  test('keeps a word that is longer than the screen in one piece', () => {
    expect(wrap('  see http://a-long-address.example now', 12)).toEqual([
      '  see',
      '  http://a-long-address.example',
      '  now',
    ]);
  });

  test('loses no word, and cuts none, at any width', () => {
    const words = fc.array(fc.stringMatching(/^[a-z:/]{1,30}$/), { minLength: 1, maxLength: 30 });
    const made = fc.tuple(words, fc.integer({ min: 0, max: 8 }), fc.integer({ min: 20, max: 120 }));
    fc.assert(
      fc.property(made, ([all, indent, width]) => {
        const lines = wrap(`${' '.repeat(indent)}${all.join(' ')}`, width);
        expect(lines.join(' ').trim().split(/ +/)).toEqual(all);
        for (const line of lines)
          expect(line.length <= width || !line.trim().includes(' ')).toBe(true);
      }),
    );
  });
});
