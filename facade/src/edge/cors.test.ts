import { expect, test } from '@jest/globals';
import {
  corsHeaders,
  corsRules,
  preflightHeaders,
  preflightOf,
  withoutUpstreamsCors,
} from './cors.ts';

const rule = (more: object = {}) => {
  const [one] = corsRules.parse([{ origins: ['https://shop.example.com'], ...more }]);
  if (!one) throw new Error('no rule');
  return one;
};
const shop = 'https://shop.example.com';

test('only an origin that is named to the letter is told that it may', () => {
  expect(corsHeaders(rule({ credentials: true, exposeHeaders: ['X-A', 'X-B'] }), shop)).toEqual([
    ['vary', 'Origin'],
    ['access-control-allow-origin', shop],
    ['access-control-allow-credentials', 'true'],
    ['access-control-expose-headers', 'X-A, X-B'],
  ]);
  for (const origin of [
    undefined,
    'null',
    `${shop}.evil.com`,
    'http://shop.example.com',
    `${shop}:8443`,
  ])
    expect(corsHeaders(rule(), origin)).toEqual([['vary', 'Origin']]);
  expect(corsHeaders(rule({ origins: ['*'] }), 'https://any')).toEqual([
    ['access-control-allow-origin', '*'],
  ]);
});

test.each([
  [{ origins: ['*'], credentials: true }],
  [{ origins: ['*', shop], credentials: true }],
  [{ origins: ['https://shop.example.com/'] }],
  [{ origins: ['shop.example.com'] }],
  [{ origins: ['null'] }],
  [{ origins: [] }],
  [{ origins: [shop], exposeHeaders: ['a\r\nb'] }],
])('%j is refused', (more) => {
  expect(() => rule(more)).toThrow();
});

test('a preflight is told what its page may send, and another page nothing', () => {
  const asked = { origin: shop, method: 'PUT', headers: 'content-type, x-a' };
  expect(Object.fromEntries(preflightHeaders(rule(), asked))).toEqual({
    'access-control-allow-origin': shop,
    vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    'access-control-allow-methods': 'PUT',
    'access-control-allow-headers': 'content-type, x-a',
    'access-control-max-age': '600',
  });
  const strict = preflightHeaders(rule({ allowHeaders: ['X-Own'], maxAgeSeconds: 5 }), asked);
  expect(Object.fromEntries(strict)).toMatchObject({
    'access-control-allow-headers': 'X-Own',
    'access-control-max-age': '5',
  });
  expect(
    preflightHeaders(rule(), { ...asked, origin: 'https://evil' }).map(([name]) => name),
  ).toEqual(['vary']);
  const odd = preflightHeaders(rule(), { ...asked, headers: 'x-a, <script>' });
  expect(odd.map(([name]) => name)).not.toContain('access-control-allow-headers');
});

test('only an OPTIONS with an origin and a method is a preflight', () => {
  const raw = ['Origin', shop, 'Access-Control-Request-Method', 'PUT'];
  expect(preflightOf('OPTIONS', raw)).toEqual({ origin: shop, method: 'PUT', headers: undefined });
  expect(preflightOf('OPTIONS', [...raw, 'Access-Control-Request-Headers', 'x-a'])).toMatchObject({
    headers: 'x-a',
  });
  expect(preflightOf('GET', raw)).toBeUndefined();
  expect(preflightOf('OPTIONS', raw.slice(2))).toBeUndefined();
  expect(preflightOf('OPTIONS', raw.slice(0, 2))).toBeUndefined();
  expect(preflightOf('OPTIONS', [...raw.slice(0, 3), 'P U T'])).toBeUndefined();
});

test('what an upstream says of origins is not said, and what its answer varies by stays', () => {
  const raw = ['Access-Control-Allow-Origin', '*', 'A', '1', 'Vary', 'Accept', 'vary', 'Cookie'];
  expect(withoutUpstreamsCors(raw, rule())).toEqual(['A', '1', 'Vary', 'Accept, Cookie, Origin']);
  expect(withoutUpstreamsCors(['Vary', 'accept, origin'], rule())).toEqual([
    'Vary',
    'accept, origin',
  ]);
  expect(withoutUpstreamsCors(['Vary', '*'], rule())).toEqual(['Vary', '*']);
  expect(withoutUpstreamsCors(['A', '1'], rule())).toEqual(['A', '1']);
  expect(withoutUpstreamsCors(['Vary', 'Accept'], rule({ origins: ['*'] }))).toEqual([
    'Vary',
    'Accept',
  ]);
});
