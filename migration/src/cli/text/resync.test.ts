import { expect, test } from '@jest/globals';
import { resyncText } from './resync.ts';

test('what was read again, and the command that compares it', () => {
  expect(
    resyncText({
      context: 'catalog',
      direction: 'reverse',
      tables: ['public.item', 'public.item_text'],
      chunks: 3,
      messages: 2060,
      seconds: 4.26,
    }),
  ).toBe(
    'catalog: public.item, public.item_text read again in 3 chunks and applied ' +
      '(2060 rows and changes, 4.3 s); compare now with: strangler verify catalog',
  );
});
