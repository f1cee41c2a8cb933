import { expect, test } from '@jest/globals';
import { refusalCode, saidBy } from './refusal.ts';

test.each([
  [400, 'BROKER_REFUSED'],
  [401, 'BROKER_AUTH'],
  [403, 'BROKER_AUTH'],
  [404, 'BROKER_NOT_FOUND'],
  [405, 'BROKER_REFUSED'],
  [409, 'BROKER_CONFLICT'],
  [422, 'BROKER_REFUSED'],
  [500, 'BROKER_FAILED'],
  [501, 'BROKER_FAILED'],
  [502, 'BROKER_UNREACHABLE'],
  [503, 'BROKER_UNREACHABLE'],
  [504, 'BROKER_UNREACHABLE'],
])('%i is %s', (status, code) => expect(refusalCode(status)).toBe(code));

test.each<[string, unknown, string]>([
  [
    'errors by field',
    { errors: { pacticipantVersionNumber: ['is missing'] } },
    'pacticipantVersionNumber is missing',
  ],
  ['errors in a list', { errors: ['an error message'] }, 'an error message'],
  [
    'a conflict, once',
    {
      notices: [
        { type: 'error', text: 'Cannot change the content' },
        { type: 'info', text: 'See the docs' },
      ],
      errors: { contracts: ['Cannot change the content'] },
    },
    'Cannot change the content\nSee the docs',
  ],
  [
    'an error with a reference',
    { error: { message: 'An error has occurred.', reference: 'aBc12' } },
    'An error has occurred.\n(its reference: aBc12)',
  ],
  [
    'a problem document',
    { title: 'Validation errors', errors: [{ detail: 'name is already used', status: 400 }] },
    'name is already used\nValidation errors',
  ],
  ['one error alone', { errors: 'too long' }, 'too long'],
  ['one error of a field', { errors: { name: 'too long' } }, 'name too long'],
  ['an error that is no text', { errors: [7, { title: 'odd' }] }, 'odd'],
  ['a title alone', { title: 'Not found' }, 'Not found'],
  ['nothing', {}, ''],
  ['no object', 'down', ''],
])("the broker's own words are shown: %s", (_, body, text) => expect(saidBy(body)).toBe(text));
