import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { expect, test } from '@jest/globals';
import { identityReader } from '@strangler-toolkit/plan';
import { Aliases } from './aliases.ts';
import type { Claim } from './claim.ts';
import { whoAsks } from './who.ts';

const aliases = new Aliases();
const sha256 = (text: string): string => hash('sha256', text, 'hex');
const identity = identityReader(['header:authorization', 'cookie:user'], sha256);
const plan = { identity, aliases };
const claim = { plan } as unknown as Claim;
const who = (headers: IncomingHttpHeaders, address = '192.0.2.1') =>
  whoAsks({
    claim,
    headers,
    search: '',
    peer: { address, encrypted: false, trusted: false, localPort: 80 },
  });

test('a percentage sticks to the identity, whatever else there is', () => {
  const { identity, sticky } = who({ authorization: 'ann', cookie: 'sessionid=1' });
  expect(sticky).toBe(identity);
  expect(who({ authorization: 'ann' }, '192.0.2.9').sticky).toBe(identity);
});
test.each([
  ['sessionid=1', 'sessionid=2'],
  ['a=1; connect.sid=x', 'connect.sid=y'],
  ['PHPSESSID=1', 'PHPSESSID=2'],
  ['_shop_session=1', '_shop_session=2'],
  ['sid=1', 'sid=2'],
])('without one to the session: %s is not %s', (cookie, other) => {
  const here = who({ cookie });
  expect(here.identity).toBeUndefined();
  expect(here.all()).toEqual([]);
  expect(here.sticky).toMatch(/^[0-9a-f]{32}$/);
  expect(who({ cookie: `x=1; ${cookie}` }, '192.0.2.9').sticky).toBe(here.sticky);
  expect(who({ cookie: other }).sticky).not.toBe(here.sticky);
});
test.each(['theme=dark', 'obsidian=1', 'xsid=1', ''])(
  '%j is no session: the address counts',
  (cookie) => {
    expect(who({ cookie }).sticky).toBe(who({}).sticky);
    expect(who({ cookie }, '192.0.2.9').sticky).not.toBe(who({}).sticky);
  },
);
test('the address that a proxy names counts before its own', () => {
  const named = who({ 'x-forwarded-for': '203.0.113.7, 10.0.0.1' }).sticky;
  expect(who({ 'x-forwarded-for': '203.0.113.7' }, '192.0.2.9').sticky).toBe(named);
  expect(who({ 'x-forwarded-for': '203.0.113.8' }).sticky).not.toBe(named);
});
test('nothing at all is left to chance', () => expect(who({}, '').sticky).toBeUndefined());
test('all that is shown, and all that is known to be the same', () => {
  const shown = who({ authorization: 'ann', cookie: 'user=1' }).all();
  expect(shown).toHaveLength(2);
  aliases.learn(shown[1] ?? '', ['later']);
  expect(who({ cookie: 'user=1' }).all()).toEqual([shown[1], 'later']);
});
