import { expect, test } from '@jest/globals';
import { databaseError, describeDatabase } from './database-error.ts';

const url = 'postgres://app:s3cret@db.example:6543/shop';

test.each([
  ['ECONNREFUSED', 'DB_UNREACHABLE'],
  ['ENOTFOUND', 'DB_UNREACHABLE'],
  ['28P01', 'DB_AUTH'],
  ['3D000', 'DB_MISSING'],
  ['42501', 'DB_PRIVILEGE'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'DB_TLS'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'DB_TLS'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'DB_TLS'],
])('the reason %s becomes %s and names the database but not the password', (code, expected) => {
  const error = databaseError(Object.assign(new Error('driver text'), { code }), url);
  expect(error.code).toBe(expected);
  expect(error.message).toContain('db.example:6543/shop');
  expect(error.message + error.remedy).not.toContain('s3cret');
});

test('looks inside the aggregate that a host with two addresses yields', () => {
  const error = databaseError(
    new AggregateError([Object.assign(new Error(), { code: 'ECONNREFUSED' })]),
    url,
  );
  expect(error.message).toContain('nothing listens there');
});

test('text that is not a URL is never repeated', () => {
  expect(describeDatabase('app:s3cret@host')).not.toContain('s3cret');
});
