import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  freePort,
  startUnleash,
  type TestDatabase,
  type UnleashServer,
} from '@strangler-toolkit/dev-stack';
import { UnleashAdmin } from '../src/flags/unleash/unleash-admin.ts';
import { identitiesOf } from '../src/steps/ramp-names.ts';
import { flagWriterSuite } from './support/flag-writer-suite.ts';

let database: TestDatabase;
let unleash: UnleashServer;
let admin: UnleashAdmin;
const settings = (changes: object = {}) => ({
  url: unleash.url,
  adminToken: unleash.adminToken,
  environment: 'development',
  project: 'default',
  ...changes,
});
beforeAll(async () => {
  database = await createTestDatabase('unleash_admin');
  unleash = await startUnleash({ postgresUrl: database.url });
  admin = new UnleashAdmin(settings());
});
afterAll(async () => {
  await unleash?.stop();
  await database?.drop();
});

flagWriterSuite('Unleash', () => admin);

const seenByClients = async (name: string): Promise<unknown> => {
  const answer = await fetch(`${unleash.url}/client/features`, {
    headers: { authorization: unleash.clientToken },
  });
  const { features } = (await answer.json()) as {
    features: { name: string; enabled: boolean; strategies: unknown[] }[];
  };
  return features.find((feature) => feature.name === name);
};

test('a percentage is sticky by userId within the group of its context, and setting it again changes it in place', async () => {
  await admin.setPercent('catalog.list', 'catalog', 25);
  await admin.setPercent('catalog.list', 'catalog', 50);
  expect(await admin.read('catalog.list', 'catalog')).toEqual({
    name: 'catalog.list',
    exists: true,
    enabled: true,
    percent: 50,
    otherStrategies: 0,
  });
  expect(await seenByClients('catalog.list')).toMatchObject({
    enabled: true,
    strategies: [
      {
        name: 'flexibleRollout',
        parameters: { rollout: '50', groupId: 'catalog', stickiness: 'default' },
      },
    ],
  });
});

test('off is off, whatever the percentage was, and zero percent is off', async () => {
  await admin.setPercent('catalog.off', 'catalog', 100);
  await admin.setPercent('catalog.off', 'catalog', 0);
  expect(await admin.read('catalog.off', 'catalog')).toMatchObject({ enabled: false, percent: 0 });
  await admin.turnOff('catalog.never-made');
  expect(await admin.read('catalog.never-made', 'catalog')).toMatchObject({
    exists: false,
    percent: 0,
  });
});

test('an archived flag comes back', async () => {
  await admin.setPercent('catalog.revived', 'catalog', 10);
  await admin.archive(['catalog.revived']);
  expect(await admin.read('catalog.revived', 'catalog')).toMatchObject({ exists: false });
  await admin.setPercent('catalog.revived', 'catalog', 20);
  expect(await admin.read('catalog.revived', 'catalog')).toMatchObject({
    exists: true,
    percent: 20,
  });
});

test('a strategy that somebody added by hand stays and is told', async () => {
  await admin.setPercent('catalog.hand', 'catalog', 10);
  await fetch(
    `${unleash.url}/admin/projects/default/features/catalog.hand/environments/development/strategies`,
    {
      method: 'POST',
      headers: { authorization: unleash.adminToken, 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'flexibleRollout',
        parameters: { rollout: '100', stickiness: 'default', groupId: 'beta' },
        constraints: [{ contextName: 'userId', operator: 'IN', values: ['7'] }],
      }),
    },
  );
  await admin.setPercent('catalog.hand', 'catalog', 5);
  expect(await admin.read('catalog.hand', 'catalog')).toMatchObject({
    percent: 5,
    otherStrategies: 1,
  });
});

test('as many are named as the command takes, in one rule beside the share, and no rule of somebody else is taken for it', async () => {
  const identities = identitiesOf(
    { context: 'catalog', identity: ['header:a', 'cookie:b'] },
    Array.from({ length: 100 }, (_, index) => `n${index}`),
  );
  await admin.setPercent('catalog.hand', 'catalog', 5, { identities });
  expect(await admin.read('catalog.hand', 'catalog')).toMatchObject({
    percent: 5,
    identities,
    otherStrategies: 1,
  });
  await admin.setPercent('catalog.hand', 'catalog', 5);
  const seen = (await seenByClients('catalog.hand')) as { strategies: unknown[] };
  expect(seen.strategies).toHaveLength(2);
});

test('a wrong token, a server that is not there and an unknown environment each say what is wrong', async () => {
  await expect(new UnleashAdmin(settings({ adminToken: 'wrong' })).ping()).rejects.toMatchObject({
    code: 'UNLEASH_AUTH',
  });
  await expect(
    new UnleashAdmin(settings({ url: `http://127.0.0.1:${await freePort()}/api` })).ping(),
  ).rejects.toMatchObject({ code: 'UNLEASH_UNREACHABLE' });
  await expect(
    new UnleashAdmin(settings({ environment: 'mars' })).setPercent('catalog.list', 'catalog', 5),
  ).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(new UnleashAdmin(settings({ project: 'mars' })).ping()).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
});
