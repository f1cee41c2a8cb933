import { expect, test } from '@jest/globals';
import { Upstreams } from './upstreams.ts';

const atATime = (upstreams: Upstreams, address: string): number =>
  upstreams.of(address).bulkhead.limits.atATime;

test('an address has the smallest bound that a context says, and never more than the facade', () => {
  const upstreams = new Upstreams({ atATime: 10, waiting: 4 });
  const known = upstreams.of('http://a').bulkhead;
  upstreams.bound([
    { address: 'http://a', atATime: 5 },
    { address: 'http://a', atATime: 3 },
    { address: 'http://a', atATime: 7 },
    { address: 'http://b', atATime: 50 },
  ]);
  expect(
    ['http://a', 'http://b', 'http://c'].map((address) => atATime(upstreams, address)),
  ).toEqual([3, 10, 10]);
  // one address, one bulkhead, whoever asks
  expect(upstreams.of('http://a').bulkhead).toBe(known);
  expect(known.limits.waiting).toBe(4);
});

test('other context files say it anew, also of addresses that are asked already', () => {
  const upstreams = new Upstreams({ atATime: 10, waiting: 4 });
  upstreams.bound([{ address: 'http://a', atATime: 5 }]);
  expect(atATime(upstreams, 'http://a')).toBe(5);
  upstreams.bound([]);
  expect(atATime(upstreams, 'http://a')).toBe(10);
});
