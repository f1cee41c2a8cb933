import { expect, test } from '@jest/globals';
import { copiedText, copyingText } from './copying-text.ts';

const progress = { table: 'products', rowsCopied: 512, rowsEstimated: 2048, rowsPerSecond: 99.6 };

test.each([
  ['nothing is known yet', {}, 'copying'],
  ['no range is through', { ...progress, rowsCopied: 0 }, 'copying products'],
  [
    'on its way',
    { ...progress, etaSeconds: 15.4 },
    'copying products: 512 rows 25 %, 100 rows/s, 15 s to go',
  ],
  [
    'minutes',
    { ...progress, etaSeconds: 600 },
    'copying products: 512 rows 25 %, 100 rows/s, 10 min to go',
  ],
  [
    'no rate yet',
    { ...progress, etaSeconds: null },
    'copying products: 512 rows 25 %, 100 rows/s, ? to go',
  ],
  [
    'never analysed',
    { ...progress, rowsEstimated: 0, etaSeconds: 1 },
    'copying products: 512 rows, 100 rows/s, 1 s to go',
  ],
  [
    'more than was estimated',
    { ...progress, rowsCopied: 4096, etaSeconds: 0 },
    'copying products: 4096 rows 100 %, 100 rows/s, 0 s to go',
  ],
])('%s', (_name, given, text) => expect(copyingText(given)).toBe(text));

test.each([
  [{ products: 3 }, 'copied 3 rows of products'],
  [{ products: 3, empty: 0, large: 4096 }, 'copied 4099 rows of 3 tables'],
])('the end: %j', (rows, text) => expect(copiedText(new Map(Object.entries(rows)))).toBe(text));
