import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { makeTesterToken, readTesterToken, testerKeys, testerRules } from './tester-token.ts';

const key = 'k'.repeat(32);
const token = {
  contexts: ['catalog'],
  side: 'service',
  who: 'anna',
  made: 1_000,
  expires: 2_000,
} as const;
const text = makeTesterToken(token, key);
const read = (shown: string, keys = [key], nowSeconds = 1_500, maxHours = 1) =>
  readTesterToken(shown, keys, { nowSeconds, maxHours });
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** Signed with the right key, whatever it says. */
const signed = (head: unknown, body: unknown): string => {
  const said = `${part(head)}.${part(body)}`;
  return `${said}.${createHmac('sha256', key).update(said).digest('base64url')}`;
};
const [head = '', body = '', signature = ''] = text.split('.');

test('a token counts until it ends, by the newest key and by those before', () => {
  expect(read(text)).toEqual({ kind: 'taken', token });
  expect(read(text, ['n'.repeat(32), key])).toEqual({ kind: 'taken', token });
  expect(read(text, [key], 1_999).kind).toBe('taken');
  expect(read(text, [key], 2_000)).toEqual({ kind: 'expired' });
  expect(read(text, [key], 1_500, 1_000 / 3_600).kind).toBe('taken');
  expect(read(text, [key], 1_500, 999 / 3_600)).toEqual({ kind: 'too-long' });
});

test.each([
  ['nothing', ''],
  ['no token', 'service'],
  ['no signature', `${head}.${body}.`],
  ['no signature at all', `${head}.${body}`],
  ['half a signature', `${head}.${body}.${signature.slice(0, 20)}`],
  ['another body', `${head}.${part({ ...token, side: 'monolith' })}.${signature}`],
  ['alg none', `${part({ alg: 'none' })}.${body}.`],
  [
    'another head, signed',
    signed({ alg: 'none' }, JSON.parse(Buffer.from(body, 'base64url').toString())),
  ],
  ['a JWT of the same key for something else', signed({ alg: 'HS256', typ: 'JWT' }, { aud: 'x' })],
  ['a part more', `${text}.x`],
  ['far too much', `${text}${'x'.repeat(5_000)}`],
])('%s is forged', (_what, shown) => expect(read(shown)).toEqual({ kind: 'forged' }));

test('another key is no key of ours, and a short one is refused', () => {
  expect(read(makeTesterToken(token, 'x'.repeat(32)))).toEqual({ kind: 'forged' });
  const rules = testerRules.parse({ keys: [{ env: 'KEY' }] });
  expect(testerKeys(rules, { KEY: key })).toEqual([key]);
  expect(() => testerKeys(rules, { KEY: 'short' })).toThrow('fewer than 32');
  expect(() => testerKeys(rules, {})).toThrow('KEY is not set');
});
