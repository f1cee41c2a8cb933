import { expect, test } from '@jest/globals';
import { identityReader } from './identity.ts';

const read = identityReader(['header:Authorization', 'cookie:sid', 'query:user']);
const of = (headers: Record<string, string>, search = '') => read({ headers, search });

test('the first source that is there decides, and no token is readable in the result', () => {
  const both = of({ authorization: 'Bearer secret', cookie: 'a=1; sid=s1' });
  expect(both).toBe(of({ authorization: 'Bearer secret' }));
  expect(both).toMatch(/^[0-9a-f]{32}$/);
  expect(of({ cookie: 'a=1; sid=s1' })).toBe(of({ cookie: 'sid=s1' }));
  expect(of({}, '?user=7')).toBe(of({}, '?x=1&user=7'));
});
test('the same value from two sources is two identities', () =>
  expect(of({ cookie: 'sid=7' })).not.toBe(of({}, '?user=7')));
test('nobody stays nobody', () => expect(of({ cookie: 'sidx=1' }, '?users=1')).toBeUndefined());
test('an unknown source is refused', () =>
  expect(() => identityReader(['body:user'])).toThrow(/body:user/));
test('a header sent several times counts with its first, a cookie with its spaces trimmed', () => {
  const twice = read({ headers: { authorization: ['Bearer a', 'Bearer b'] }, search: '' });
  expect(twice).toBe(of({ authorization: 'Bearer a' }));
  expect(of({ cookie: 'a=1;  sid = s1 ' })).toBe(of({ cookie: 'sid=s1' }));
  expect(of({ cookie: 'sid=a=b' })).not.toBe(of({ cookie: 'sid=a' }));
});
test('a cookie of one letter is one too, and what only begins like it is not', () => {
  const short = identityReader(['cookie:s']);
  expect(short({ headers: { cookie: 's=1' }, search: '' })).toBeDefined();
  expect(short({ headers: { cookie: 'sx' }, search: '' })).toBeUndefined();
});
test('nothing, and a cookie without a value, are nobody', () => {
  expect(of({})).toBeUndefined();
  expect(of({ cookie: 'sid=' })).toBeUndefined();
  expect(of({ cookie: 'sid' })).toBeUndefined();
  expect(of({ authorization: '' }, '?user=')).toBeUndefined();
  expect(identityReader()({ headers: { authorization: 'x' }, search: '' })).toBeUndefined();
});
test('the name of a header is read in any case, those of cookies and of the query as they are', () => {
  expect(of({ cookie: 'SID=1' }, '?USER=1')).toBeUndefined();
  expect(() => identityReader(['sid'])).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  );
});
