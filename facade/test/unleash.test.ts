import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  startUnleash,
  type TestDatabase,
  type UnleashServer,
  until,
} from '@strangler-toolkit/dev-stack';
import type { FlagReader } from '../src/flags/flag-reader.ts';
import { openFlagReader } from '../src/flags/open-flag-reader.ts';
import { ask } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { UnleashAdmin } from '../../migration/src/flags/unleash/unleash-admin.ts';
import { identitiesOf } from '../../migration/src/steps/ramp-names.ts';
import {
  flagNamesSuite,
  flagReaderSuite,
  flagSharesSuite,
  suiteFlags,
  suiteNamed,
} from './support/flag-reader-suite.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

let database: TestDatabase;
let unleash: UnleashServer;
let monolith: Upstream;
let service: Upstream;
let stateDir: string;
const running: RunningFacade[] = [];

const admin = async (method: string, path: string, body?: unknown): Promise<void> => {
  const response = await fetch(`${unleash.ui}/api/admin/projects/default/features${path}`, {
    method,
    headers: { authorization: unleash.adminToken, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!response.ok)
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
};
const create = async (
  name: string,
  rollout: number,
  groupId = 'items',
  stickiness = 'userId',
): Promise<void> => {
  await admin('POST', '', { name, type: 'release' });
  await admin('POST', `/${name}/environments/development/strategies`, {
    name: 'flexibleRollout',
    parameters: { rollout: String(rollout), groupId, stickiness },
  });
  await admin('POST', `/${name}/environments/development/on`);
};
/** As the command line changes flags. */
const commands = (): UnleashAdmin =>
  new UnleashAdmin({
    url: unleash.url,
    adminToken: unleash.adminToken,
    environment: 'development',
    project: 'default',
  });
const start = async (token = unleash.clientToken): Promise<RunningFacade> => {
  const facade = await startFacade({
    contexts: [itemsContext('none', monolith.url, service.url)],
    monolithUrl: monolith.url,
    name: 'u',
    stateDir,
    unleash: { url: unleash.url, token, refreshMs: 100 },
    limits: { startMs: 2_000 },
  });
  running.push(facade);
  return facade;
};
const side = async (facade: RunningFacade, user: string, path = '/api/items') =>
  (await ask(facade.port, path, { headers: { authorization: user } })).headers[
    'x-strangler-served-by'
  ];

beforeAll(async () => {
  database = await createTestDatabase('facade_unleash');
  [unleash, monolith, service] = await Promise.all([
    startUnleash({ postgresUrl: database.url }),
    startUpstream('monolith'),
    startUpstream('service'),
  ]);
  stateDir = await mkdtemp(join(tmpdir(), 'facade-'));
});
afterAll(async () => {
  for (const facade of running) await facade.stop({ keepState: true });
  await unleash?.stop();
  await monolith?.close();
  await service?.close();
  await database?.drop();
  await rm(stateDir, { recursive: true, force: true });
});

let reader: FlagReader;
beforeAll(async () => {
  for (const [name, percent] of Object.entries(suiteFlags)) await create(name, percent, 'suite');
  await commands().setPercent(suiteNamed.flag, 'suite', 0, { identities: [suiteNamed.identity] });
  reader = await openFlagReader({
    name: 'suite',
    stateDir,
    unleash: { url: unleash.url, token: unleash.clientToken, refreshMs: 100 },
    startMs: 10_000,
    onProblem: () => {},
  });
  const users = Array.from({ length: 60 }, (_, index) => `user-${index}`);
  await until(
    'its flags arrive, turned on',
    () =>
      reader.isEnabled('suite.nobody', undefined) !== undefined &&
      reader.isEnabled(suiteNamed.flag, suiteNamed.identity) &&
      (['suite.all', 'suite.half', 'suite.other-half'] as const).every((name) =>
        users.some((user) => reader.isEnabled(name, user) === true),
      ),
  );
});
afterAll(() => reader?.stop());
test('a share of requests is by chance for each, whoever asks', async () => {
  await create('suite.requests', 50, 'suite', 'random');
  const answers = (): unknown[] =>
    Array.from({ length: 200 }, () => reader.isEnabled('suite.requests', 'user-1'));
  await until('it arrives', () => answers().includes(true));
  expect(new Set(answers())).toEqual(new Set([true, false]));
});
flagSharesSuite('Unleash', () => reader);
flagNamesSuite('Unleash', () => reader);
flagReaderSuite('Unleash', () => reader);

test('the real Unleash: sticky halves, alike on all routes of a context; kill switch; a rejected token; last known state', async () => {
  const facade = await start();
  expect(await side(facade, 'ann')).toBe('monolith');

  // by name, and nobody else: neither another one nor who shows none
  const items = itemsContext('none', monolith.url, service.url);
  const identities = identitiesOf(items, ['ann']);
  await commands().setPercent('items.list', 'items', 0, { identities });
  await until('ann is led over', async () => (await side(facade, 'ann')) === 'service');
  expect(await side(facade, 'bob')).toBe('monolith');
  expect((await ask(facade.port, '/api/items')).headers['x-strangler-served-by']).toBe('monolith');
  await commands().setPercent('items.list', 'items', 0);
  await until('and back', async () => (await side(facade, 'ann')) === 'monolith');

  await commands().setPercent('items.list', 'items', 50);
  await create('items.one', 50);
  const users = Array.from({ length: 60 }, (_, index) => `user-${index}`);
  await until('the flags arrive', async () =>
    (await Promise.all(users.map((user) => side(facade, user)))).includes('service'),
  );
  await until('both flags arrive', async () =>
    (await Promise.all(users.map((user) => side(facade, user, '/api/items/1')))).includes(
      'service',
    ),
  );
  const first = await Promise.all(users.map((user) => side(facade, user)));
  const share = first.filter((one) => one === 'service').length;
  expect(share).toBeGreaterThan(15);
  expect(share).toBeLessThan(45);
  expect(await Promise.all(users.map((user) => side(facade, user)))).toEqual(first);
  expect(await Promise.all(users.map((user) => side(facade, user, '/api/items/1')))).toEqual(first);

  await create('items.kill', 100);
  await until('everything is home', async () =>
    (await Promise.all(users.map((user) => side(facade, user)))).every((one) => one === 'monolith'),
  );
  await admin('POST', '/items.kill/environments/development/off');
  await until(
    'the switch is off',
    async () => (await side(facade, users[first.indexOf('service')] ?? '')) === 'service',
  );

  await until('and that is on disk', async () => {
    const { features } = JSON.parse(await readFile(join(stateDir, 'flags-u.json'), 'utf8')) as {
      features: { name: string; enabled: boolean }[];
    };
    return features.find((feature) => feature.name === 'items.kill')?.enabled === false;
  });

  // a facade with a token that Unleash refuses serves with the state on disk and says why
  const refused = await start('*:development.wrong');
  await until('the refusal shows', async () => (await refused.readiness()).flags.rejected);
  expect(await Promise.all(users.map((user) => side(refused, user)))).toEqual(first);

  await unleash.stop();
  await until('staleness shows', async () => (await facade.readiness()).flags.state === 'stale');
  expect(await Promise.all(users.map((user) => side(facade, user)))).toEqual(first);
  const again = await start();
  expect(await Promise.all(users.map((user) => side(again, user)))).toEqual(first);
  expect((await again.readiness()).status).toBe('degraded');
});
