import { expect, test } from '@jest/globals';
import { certificateName, endpointsAt, targetsOf } from './targets.ts';

test('each address is an instance, in an order of its own', () =>
  expect(targetsOf(['10.0.0.2', '10.0.0.1', '10.0.0.2'])).toEqual([
    { addresses: ['10.0.0.1'] },
    { addresses: ['10.0.0.2'] },
  ]));

test('of two families the first counts, each of its addresses with one of the other to fall back to', () => {
  expect(targetsOf(['::1', '127.0.0.1'])).toEqual([{ addresses: ['::1', '127.0.0.1'] }]);
  expect(targetsOf(['10.0.0.1', 'fd00::1', '10.0.0.2'])).toEqual([
    { addresses: ['10.0.0.1', 'fd00::1'] },
    { addresses: ['10.0.0.2'] },
  ]);
  expect(targetsOf([])).toEqual([]);
});

test('an instance has the port of its record, else that of the address, else that of the scheme', () => {
  const targets = [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2'], port: 81, priority: 1 }];
  const found = (address: string) =>
    endpointsAt('k', address, targets).map(({ key, at }) => [key, at?.port]);
  expect(found('http://a:8080/x')).toEqual([
    ['k 10.0.0.1|8080', 8080],
    ['k 10.0.0.2|81', 81],
  ]);
  expect(found('https://a')[0]).toEqual(['k 10.0.0.1|443', 443]);
  expect(endpointsAt('k', 'http://a', [])).toEqual([{ key: 'k', url: 'http://a' }]);
});

test.each([
  ['catalog.example', 'catalog.example'],
  ['_catalog._tcp.shop.example', 'shop.example'],
  ['127.0.0.1', ''],
  ['[::1]', ''],
])('the certificate of %s is for "%s"', (host, name) => expect(certificateName(host)).toBe(name));
