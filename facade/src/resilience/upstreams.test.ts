import { expect, test } from '@jest/globals';
import { Upstreams } from './upstreams.ts';

const atATime = (upstreams: Upstreams, address: string): number =>
  upstreams.of(address).bulkhead.limits.atATime;

test('an address has the smallest bound that a context says, and never more than the facade', () => {
  const upstreams = new Upstreams({ atATime: 10, waiting: 4 });
  const known = upstreams.of('http://a').bulkhead;
  upstreams.use([
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

test('an address is the same in every spelling: its bound, its requests and its instances', () => {
  const upstreams = new Upstreams({ atATime: 10, waiting: 4 });
  const known = upstreams.of('http://a');
  for (const spelt of ['http://a/', 'http://A', 'http://a:80/', 'http://a'])
    expect([spelt, upstreams.of(spelt) === known]).toEqual([spelt, true]);
  for (const other of ['http://a:81', 'https://a', 'http://a/shop'])
    expect([other, upstreams.of(other) === known]).toEqual([other, false]);
  expect(upstreams.of('http://a/shop/')).toBe(upstreams.of('http://a/shop'));
  expect([...upstreams.all.keys()]).toEqual([
    'http://a',
    'http://a:81',
    'https://a',
    'http://a/shop',
  ]);
  upstreams.use([
    { address: 'http://A:80/', atATime: 3, instances: ['http://a/', 'http://B/', 'http://b'] },
  ]);
  expect(known.bulkhead.limits.atATime).toBe(3);
  expect(known.balancer.instances.map(({ endpoint }) => endpoint.url)).toEqual([
    'http://a',
    'http://B/',
  ]);
});

test('an address has the instances that any context says, itself first', () => {
  const upstreams = new Upstreams({ atATime: 10, waiting: 4 });
  const urls = () =>
    upstreams.of('http://a').balancer.instances.map(({ endpoint }) => endpoint.url);
  expect(urls()).toEqual(['http://a']);
  upstreams.use([
    { address: 'http://a', instances: ['http://b', 'http://c'] },
    { address: 'http://a', instances: ['http://c', 'http://d'] },
    { address: 'http://e', instances: ['http://f'] },
  ]);
  expect(urls()).toEqual(['http://a', 'http://b', 'http://c', 'http://d']);
});

test('repeated requests are a fifth of those under way, or three', () => {
  const upstream = new Upstreams({ atATime: 99, waiting: 4 }).of('http://a');
  const most = (): number => {
    upstream.retrying = 0;
    while (upstream.mayRetry) upstream.retrying++;
    return upstream.retrying;
  };
  expect(most()).toBe(3);
  for (let request = 0; request < 50; request++) upstream.bulkhead.enter();
  expect(most()).toBe(10);
});

test('other context files say it anew, also of addresses that are asked already', () => {
  const upstreams = new Upstreams({ atATime: 10, waiting: 4 });
  upstreams.use([{ address: 'http://a', atATime: 5 }]);
  expect(atATime(upstreams, 'http://a')).toBe(5);
  upstreams.use([]);
  expect(atATime(upstreams, 'http://a')).toBe(10);
});
