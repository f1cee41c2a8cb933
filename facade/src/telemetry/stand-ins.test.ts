import { expect, test } from '@jest/globals';
import { StandIns } from './stand-ins.ts';

test('reads of a dead owner are told by context for five minutes, and by who answered last', () => {
  let now = 1_000_000;
  const standIns = new StandIns(() => now);
  expect(standIns.recent).toBeUndefined();
  for (let n = 0; n < 3; n++) standIns.note('items', 'monolith');
  now += 1_000;
  standIns.note('items', 'monolith');
  standIns.note('orders', 'monolith');
  expect(standIns.recent).toEqual({
    items: { side: 'monolith', reads: 4 },
    orders: { side: 'monolith', reads: 1 },
  });
  now += 299_000;
  expect(standIns.recent).toMatchObject({ items: { reads: 1 } });
  standIns.note('orders', 'monolith');
  standIns.note('orders', 'service');
  expect(standIns.recent).toMatchObject({ orders: { side: 'service', reads: 1 } });
  now += 301_000;
  expect(standIns.recent).toBeUndefined();
});
