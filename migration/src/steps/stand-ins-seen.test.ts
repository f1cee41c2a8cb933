import { expect, test } from '@jest/globals';
import { standInsSeen } from './stand-ins-seen.ts';

test('reads answered for a dead owner are added up over facades, by the side that answered most', () => {
  const facade = (standIns: unknown) => ({ detail: { standIns } });
  const all = [
    facade({ items: { side: 'monolith', reads: 3 }, orders: { side: 'monolith', reads: 9 } }),
    facade({ items: { side: 'service', reads: 4 } }),
    facade({ items: { side: 'monolith', reads: 2 } }),
    { detail: {} },
  ];
  expect(standInsSeen('items', all)).toEqual({ side: 'monolith', reads: 5 });
  expect(standInsSeen('other', all)).toBeUndefined();
});
