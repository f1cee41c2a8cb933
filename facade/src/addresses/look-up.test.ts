import { expect, test } from '@jest/globals';
import { lookUp, type Sources } from './look-up.ts';

const unknown = (): Promise<never> =>
  Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' }));
const sources = (more: Partial<Sources>): Sources => ({
  dnsFirst: false,
  system: unknown,
  dns: async () => undefined,
  services: unknown,
  close() {},
  ...more,
});

test('the system is asked first: DNS may know somebody else by that name, and tells for how long only what both know', async () => {
  const both = sources({
    system: async () => ['10.0.0.1', '10.0.0.2'],
    dns: async () => [
      { address: '10.0.0.2', ttl: 40 },
      { address: '203.0.113.9', ttl: 5 },
    ],
  });
  expect(await lookUp(both, 'catalog.shop')).toEqual({
    targets: [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2'] }],
    ttl: 40,
  });
});

test('DNS that does not answer takes nothing from what the system knows', async () =>
  expect(
    await lookUp(sources({ system: async () => ['127.0.0.1'], dns: unknown }), 'localhost'),
  ).toEqual({ targets: [{ addresses: ['127.0.0.1'] }], ttl: undefined }));

test('servers that are named are asked before the system, which has what they say they have not', async () => {
  const system = async (): Promise<string[]> => ['127.0.0.1'];
  const has = async () => [{ address: '10.0.0.9', ttl: 7 }];
  const asked = (dns: Sources['dns']) => lookUp(sources({ dnsFirst: true, system, dns }), 'shop');
  expect(await asked(has)).toEqual({ targets: [{ addresses: ['10.0.0.9'] }], ttl: 7 });
  expect(await asked(async () => undefined)).toMatchObject({
    targets: [{ addresses: ['127.0.0.1'] }],
  });
  // not to tell is not to have none
  await expect(asked(unknown)).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

test('a service is all addresses of all its targets, for the shortest time that one of them holds', async () => {
  const of = { a: ['10.0.0.1', '10.0.0.2'], b: ['10.0.0.3'] };
  const found = sources({
    system: async (name) => of[name as keyof typeof of],
    dns: async (name) => [
      { address: of[name as keyof typeof of][0] ?? '', ttl: name === 'a' ? 9 : 3 },
    ],
    services: async () => [
      { name: 'a', port: 81, priority: 1, weight: 10 },
      { name: 'b', port: 82, priority: 2, weight: 0 },
    ],
  });
  expect(await lookUp(found, '_shop._tcp.test')).toEqual({
    targets: [
      { addresses: ['10.0.0.1'], port: 81, priority: 1, weight: 10 },
      { addresses: ['10.0.0.2'], port: 81, priority: 1, weight: 10 },
      { addresses: ['10.0.0.3'], port: 82, priority: 2, weight: 0 },
    ],
    ttl: 3,
  });
});

test('a target of a service that is not there takes no others along; one of which nobody tells does', async () => {
  const fails = (code: string) =>
    sources({
      system: (name) =>
        name === 'a'
          ? Promise.reject(Object.assign(new Error(), { code }))
          : Promise.resolve(['::1']),
      services: async () => ['a', 'b'].map((name) => ({ name, port: 81, priority: 1, weight: 1 })),
    });
  expect(await lookUp(fails('ENOTFOUND'), '_shop._tcp.test')).toMatchObject({
    targets: [{ addresses: ['::1'], port: 81 }],
  });
  await expect(lookUp(fails('EAI_AGAIN'), '_shop._tcp.test')).rejects.toMatchObject({
    code: 'EAI_AGAIN',
  });
});
