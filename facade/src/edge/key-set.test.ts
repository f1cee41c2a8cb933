import { beforeEach, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWK } from 'jose';
import { KeySet, KeysUnavailable } from './key-set.ts';

const publicKey = async (kid: string): Promise<JWK> => ({
  ...(await exportJWK((await generateKeyPair('ES256')).publicKey)),
  kid,
});
const old = await publicKey('old');
const next = await publicKey('next');

let now = 0;
let asked = 0;
let published: JSONWebKeySet | undefined;
let failures = 0;
let keys: KeySet;
beforeEach(() => {
  now = 0;
  asked = 0;
  failures = 0;
  published = { keys: [old] };
  keys = new KeySet({
    fetchKeys: async () => {
      asked++;
      if (!published) throw new Error('down');
      return published;
    },
    now: () => now,
    onFailure: () => failures++,
  });
});
const find = (kid: string, maxAgeMs = 600_000) => keys.key({ alg: 'ES256', kid }, maxAgeMs);

test('many first requests ask the issuer once', async () => {
  await Promise.all([find('old'), find('old'), find('old')]);
  await find('old');
  expect(asked).toBe(1);
});

test('a new key is looked for at once, a key that nobody has only now and then', async () => {
  await find('old');
  published = { keys: [old, next] };
  now = 10_000;
  await expect(find('next')).resolves.toBeDefined();
  for (const kid of ['a', 'b', '../../etc/passwd'])
    await expect(find(kid)).rejects.toThrow('no applicable key');
  expect(asked).toBe(2);
  now = 20_000;
  await expect(find('c')).rejects.toThrow('no applicable key');
  expect(asked).toBe(3);
});

test('a key that the issuer took back counts no more once its keys are old', async () => {
  await find('old');
  published = { keys: [next] };
  now = 600_000;
  // asked for beside this request, which has the keys of before
  await find('old');
  await expect(find('next')).resolves.toBeDefined();
  await expect(find('old')).rejects.toThrow('no applicable key');
});

test('an issuer that is silent leaves the keys as they were, however old', async () => {
  await find('old');
  published = undefined;
  now = 86_400_000;
  await expect(find('old')).resolves.toBeDefined();
  await expect(find('old')).resolves.toBeDefined();
  expect({ asked, failures }).toEqual({ asked: 2, failures: 1 });
  now += 2_000;
  await expect(find('old')).resolves.toBeDefined();
  expect(asked).toBe(3);
});

test('a key that may be new is not refused while the issuer is silent', async () => {
  await find('old');
  published = undefined;
  now = 20_000;
  await expect(find('next')).rejects.toBeInstanceOf(KeysUnavailable);
  published = { keys: [old, next] };
  now = 22_000;
  await expect(find('next')).resolves.toBeDefined();
});

test('without any keys yet the issuer is asked again after two seconds, not for every request', async () => {
  published = undefined;
  await expect(find('old')).rejects.toBeInstanceOf(KeysUnavailable);
  await expect(find('old')).rejects.toBeInstanceOf(KeysUnavailable);
  expect(asked).toBe(1);
  published = { keys: [old] };
  now = 2_000;
  await expect(find('old')).resolves.toBeDefined();
});

test('what is no set of keys does not replace one', async () => {
  await find('old');
  published = { keys: 'none' } as unknown as JSONWebKeySet;
  now = 600_000;
  await find('old');
  await expect(find('old')).resolves.toBeDefined();
  expect(failures).toBe(1);
});

test('of two rules that share them each says how old keys may be', async () => {
  await find('old', 600_000);
  now = 10_000;
  await find('old', 600_000);
  expect(asked).toBe(1);
  await find('old', 10_000);
  expect(asked).toBe(2);
  now = 19_999;
  await find('old', 10_000);
  expect(asked).toBe(2);
});
