import { describe, expect, test } from '@jest/globals';
import { changesSession, sessionOf, withoutSession } from './session-cookies.ts';

const names = ['sid', 'sid.sig'];

test.each([
  [undefined, undefined],
  ['', undefined],
  ['theme=dark', undefined],
  ['xsid=1; sid2=2', undefined],
  ['theme=dark; sid=a; sid.sig=b', 'sid=a; sid.sig=b'],
  // the monolith says which one counts
  ['sid=a; sid=b', 'sid=a; sid=b'],
  ['sid=b; sid=a', 'sid=b; sid=a'],
  [' sid = "a=b" ;x', 'sid="a=b"'],
  ['sid=', 'sid='],
  ['SID=a', undefined],
])('of %j the session is %j', (cookie, session) => expect(sessionOf(cookie, names)).toBe(session));

test.each([
  ['sid=a', undefined],
  ['sid=a; theme=dark; sid=b', 'theme=dark'],
  ['a=1;  sid=a;b=2; sid.sig=x', 'a=1;b=2'],
  [' sid =a; xsid=1', 'xsid=1'],
])('of %j a service gets %j', (cookie, rest) => expect(withoutSession(cookie, names)).toBe(rest));

describe('a session changes', () => {
  test.each([
    ['sid=b; Path=/', true],
    ['sid=; Max-Age=0', true],
    ['sid=a; Max-Age=0', true],
    ['sid=a; max-age=-1', true],
    ['sid=a; Expires=Thu, 01 Jan 1970 00:00:00 GMT', true],
    ['sid=a; expires=never', true],
    ['sid.sig=x', false],
    ['sid=a; Path=/; HttpOnly', false],
    ['sid=a; Max-Age=3600; Expires=Thu, 01 Jan 2970 00:00:00 GMT', false],
    ['theme=; Max-Age=0', false],
    ['', false],
  ])('by Set-Cookie: %s? %s', (setCookie, changes) =>
    expect(changesSession(setCookie, names, 'sid=a')).toBe(changes),
  );
});
