import { expect, test } from '@jest/globals';
import { whoItIs } from './who-it-is.ts';

const rule = { subject: '/user/id', claims: { roles: '/user/roles', name: '/user/na~1me' } };
const told = (status: number, body: unknown = {}) =>
  whoItIs(
    { status, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) },
    rule,
  );

test('a subject and what else is asked for', () => {
  const user = { id: 7, roles: ['a'], 'na/me': null, password: 'x' };
  expect(told(200, { user })).toEqual({ kind: 'somebody', subject: '7', claims: { roles: ['a'] } });
  expect(told(200, { user: { id: 'u-1' } })).toMatchObject({ subject: 'u-1' });
});

test.each([
  [204, {}],
  [302, {}],
  [303, {}],
  [401, {}],
  [403, {}],
  [200, { user: null }],
  [200, { user: { id: null } }],
  [200, { user: { id: '' } }],
  [200, null],
])('nobody: %j %j', (status, body) => expect(told(status, body)).toEqual({ kind: 'nobody' }));

test.each([
  [404, {}],
  [429, {}],
  [500, {}],
  [503, {}],
  [201, {}],
  [304, {}],
  [200, '<html>'],
  [200, ''],
  [200, { user: { id: true } }],
  [200, { user: { id: 1.5 } }],
  // as a double this is the id of the next one too
  [200, '{"user":{"id":9007199254740993}}'],
  [200, { user: { id: { $ne: 1 } } }],
])('unknown: %j %j', (status, body) =>
  expect(told(status, body)).toMatchObject({ kind: 'unknown' }),
);

test('what an object inherits is no subject', () => {
  const { kind } = whoItIs(
    { status: 200, body: Buffer.from('{}') },
    { subject: '/constructor/name', claims: {} },
  );
  expect(kind).toBe('nobody');
});
