import { expect, test } from '@jest/globals';
import { identityReader } from '@strangler-toolkit/plan';
import { createHash } from 'node:crypto';
import { identitiesOf, markOf } from './ramp-names.ts';

const identity = ['claim:sub@header:authorization', 'cookie:sid', 'answer:x-user'];
const shop = { context: 'shop', identity };
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index}`);

test('a name means the value in whichever source a request shows it, hashed as facades do', () => {
  const reader = identityReader(identity, (text) =>
    createHash('sha256').update(text).digest('hex'),
  );
  const claims = Buffer.from('{"sub":"ann"}').toString('base64url');
  const hashes = identitiesOf(shop, ['ann', 'bob', 'ann']);
  expect(hashes).toHaveLength(4);
  expect(hashes).toContain(
    reader.first({ headers: { authorization: `Bearer x.${claims}.y` }, search: '' }),
  );
  expect(hashes).toContain(reader.first({ headers: { cookie: 'sid=bob' }, search: '' }));
  expect(hashes).not.toContain(reader.first({ headers: { cookie: 'sid=eve' }, search: '' }));
  expect(hashes.join()).not.toMatch(/ann|bob/);
});

test('nobody is named where requests show no identity', () => {
  const message = expect.stringContaining('nobody can be named');
  for (const sources of [{}, { identity: [] }, { identity: ['answer:x-user'] }])
    expect(() => identitiesOf({ context: 'shop', ...sources }, ['ann'])).toThrow(
      expect.objectContaining({ code: 'USAGE', message }),
    );
  expect(identitiesOf({ context: 'shop' })).toEqual([]);
});

test.each([
  [1, 100],
  [2, 100],
  [3, 83],
])('of a context with %d sources %d can be named', (sources, most) => {
  const context = {
    context: 'shop',
    identity: Array.from({ length: sources }, (_, index) => `header:h${index}`),
  };
  expect(identitiesOf(context, names(most))).toHaveLength(most * sources);
  expect(() => identitiesOf(context, names(most + 1))).toThrow(
    expect.objectContaining({
      code: 'USAGE',
      message: `${most + 1} identities are named; ${most} can be, with the sources of shop`,
    }),
  );
});

test('sets of names are told apart, in whatever order they come', () => {
  expect(markOf(['a', 'b'])).toBe(markOf(['b', 'a']));
  expect(markOf(['a'])).not.toBe(markOf(['b']));
  expect(markOf([])).toBeUndefined();
});
