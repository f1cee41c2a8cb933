import { expect, test } from '@jest/globals';
import { addressesFor, ownAddress, parseShopUrls } from './shop-address.ts';

const [one, two, own] = ['http://one.example', 'http://two.example:8080', 'http://127.0.0.1:3000'];

test('a page asks where its visitor asked, then at the other addresses of the shop', () => {
  expect(addressesFor([one, two], 'TWO.example:8080', own)).toEqual([two, one]);
  expect(addressesFor([one, two], 'one.example', own)).toEqual([one, two]);
});

test('a forged host leads nowhere but to the shop', () => {
  for (const host of [
    'evil.example',
    'two.example',
    '127.0.0.1:5432',
    'one.example@evil',
    '',
    undefined,
  ]) {
    expect(addressesFor([one, two], host, own)).toEqual([one, two]);
    expect(addressesFor([], host, own)).toEqual([own]);
  }
});

test('without a setting it is where the request came in', () => {
  const port = { localPort: 3000 };
  expect(ownAddress({ ...port, localAddress: '10.0.0.7' })).toBe('http://10.0.0.7:3000');
  expect(ownAddress({ ...port, localAddress: '::ffff:10.0.0.7' })).toBe('http://10.0.0.7:3000');
  expect(ownAddress({ ...port, localAddress: '::1' })).toBe('http://[::1]:3000');
});

test('addresses of a shop are origins', () => {
  expect(parseShopUrls(`${one}/, ${two}`)).toEqual([one, two]);
  for (const text of [
    '',
    'shop.example',
    'file:///etc',
    `${one}/shop`,
    `${one}?a`,
    `${one},`,
    'http://u:p@one.example',
  ])
    expect([text, parseShopUrls(text)]).toEqual([text, undefined]);
});
