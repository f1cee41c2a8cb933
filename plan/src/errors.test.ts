import { expect, test } from '@jest/globals';
import { codeOf, errorCodes, isStranglerError, StranglerError } from './errors.ts';
import { optionalSetting, requireVariable, resolveSetting } from './settings.ts';

test('an error says its own remedy, or the one of its code', () => {
  const cause = new Error('why');
  const own = new StranglerError('TIMEOUT', 'late', { remedy: 'wait', details: { a: 1 }, cause });
  expect(own).toMatchObject({ code: 'TIMEOUT', message: 'late', remedy: 'wait', cause });
  expect(JSON.parse(JSON.stringify(own))).toEqual({
    code: 'TIMEOUT',
    message: 'late',
    remedy: 'wait',
    details: { a: 1 },
  });
  const plain = new StranglerError('TIMEOUT', 'late');
  expect(plain).toMatchObject({ name: 'StranglerError', remedy: errorCodes.TIMEOUT, details: {} });
});

test.each<[unknown, boolean]>([
  [new StranglerError('TIMEOUT', 'late'), true],
  [{ isStranglerError: true }, true],
  [{ isStranglerError: 'true' }, false],
  [new Error('late'), false],
  [null, false],
  [undefined, false],
  ['text', false],
])('%p is one of ours: %s', (error, ours) => expect(isStranglerError(error)).toBe(ours));

test.each<[unknown, string]>([
  [{ code: 'ECONNREFUSED' }, 'ECONNREFUSED'],
  [{ code: 7 }, ''],
  [new AggregateError([{ code: 'ECONNRESET' }, { code: 'EPIPE' }]), 'ECONNRESET'],
  [
    Object.assign(new AggregateError([{ code: 'EPIPE' }]), { code: 'ECONNREFUSED' }),
    'ECONNREFUSED',
  ],
  [new AggregateError([]), ''],
  [new Error('late'), ''],
  [null, ''],
  [undefined, ''],
  ['text', ''],
])('the code of %p is %j', (error, code) => expect(codeOf(error)).toBe(code));

test('a setting is its own text, its variable or its default, and otherwise says what it is for', () => {
  const setting = { env: 'SHOP_URL', default: 'fallback' };
  expect(resolveSetting('text', {})).toBe('text');
  expect(optionalSetting(undefined, {})).toBeUndefined();
  expect(optionalSetting('text', {})).toBe('text');
  expect(optionalSetting(setting, { SHOP_URL: 'here' })).toBe('here');
  expect(optionalSetting(setting, {})).toBe('fallback');
  expect(optionalSetting({ env: 'SHOP_URL' }, { SHOP_URL: '' })).toBeUndefined();
  expect(resolveSetting(setting, { SHOP_URL: 'here' })).toBe('here');
  expect(resolveSetting(setting, { SHOP_URL: '' })).toBe('fallback');
  expect(resolveSetting({ ...setting, default: '' }, {})).toBe('');
  expect(() => requireVariable('SHOP_URL', { SHOP_URL: '' }, 'the monolith')).toThrow(
    expect.objectContaining({
      code: 'CONFIG_ENV_MISSING',
      message: 'SHOP_URL is not set (needed for the monolith)',
      remedy: expect.stringContaining('SHOP_URL'),
      details: { variable: 'SHOP_URL' },
    }),
  );
  expect(() => requireVariable('SHOP_URL', {})).toThrow(/^SHOP_URL is not set$/);
});
