import { describe, expect, test } from '@jest/globals';
import { namesSecret, scrub, scrubbed } from './scrub.ts';

describe('what looks like a secret is blanked', () => {
  test.each([
    ['write to Ann.B+x@mail.example.com!', 'write to (e-mail)!'],
    ['Bearer abc.def', 'Bearer (token)'],
    ['authorization: Basic YW5uOnB3, next', 'authorization: Basic (token), next'],
    ['id 7f3d2c1a-0b1c-4d2e-8f3a-1b2c3d4e5f60.', 'id (token).'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', '(token)'],
    ['key sk_live_4eC39HqLyjWDarjtT1zdp7dc', 'key (token)'],
    ['4111111111111111', '(digits)'],
    ['card 4111 1111 1111 1111 ok', 'card (digits) ok'],
    ['3782-822463-10005', '(digits)'],
    ['DE89 3704 0044 0532 0130 00', '(digits)'],
    ['DE89370400440532013000', '(digits)'],
    ['+49 170 1234567', '(digits)'],
    ['no 123456789', 'no (digits)'],
  ])('%s', (text, expected) => {
    expect(scrub(text)).toBe(expected);
  });

  test.each([
    'a chair',
    '12345678',
    '2026-11-29 10:23:41',
    '2026-11-29T10:23:41.123Z',
    'getting-started-with-v2-api',
    'https://shop.example/api/products/1234',
    'getRecommendationsForCustomer',
    '12.50 EUR',
  ])('%s stays', (text) => {
    expect(scrub(text)).toBe(text);
  });

  test('in no time, however long the text', () => {
    for (const part of ['a', '1 ', 'a@', 'a.', '_-', '+1 '])
      expect(scrub(part.repeat(500_000)).length).toBeLessThanOrEqual(4_000 * 7);
  });

  test('in whole objects, where the names of fields count too', () => {
    expect(
      scrubbed({
        name: 'chair',
        n: 4111111111111111,
        price: 12.5,
        'ann@example.com': [{ sessionToken: { a: 1 }, ok: true, note: 'a@b.example' }, null],
      }),
    ).toEqual({
      name: 'chair',
      n: '(digits)',
      price: 12.5,
      '(e-mail)': [{ sessionToken: '(redacted)', ok: true, note: '(e-mail)' }, null],
    });
  });

  test.each(['password', 'newPasswd', 'client_secret', 'Authorization', 'api-key', 'pin', 'IBAN'])(
    'a field called %s is one',
    (name) => expect(namesSecret(name)).toBe(true),
  );
  test.each(['name', 'spinner', 'pinned', 'shipping', 'status'])(
    'a field called %s is none',
    (name) => expect(namesSecret(name)).toBe(false),
  );
});
