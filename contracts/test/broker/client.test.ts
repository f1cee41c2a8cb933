import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Broker, ContractsError, openBroker } from '@strangler-toolkit/contracts';
import {
  freePort,
  makeAuthority,
  temporaryFolder,
  type TemporaryFolder,
} from '@strangler-toolkit/dev-stack';
import { type StandInBroker, startBroker } from '../support/pact-broker.ts';

const token = 'sEcr3t-T0ken';
let broker: StandInBroker;
let client: Broker;
beforeAll(async () => {
  broker = await startBroker({ authorization: `Bearer ${token}` });
});
beforeEach(() => {
  broker.faults.clear();
  broker.heard.length = 0;
  client = openBroker({ url: broker.url, token });
});
afterAll(() => broker?.stop());

const deployment = { pacticipant: 'shop', version: '7', environment: 'production' };
const failure = async (call: Promise<unknown>): Promise<ContractsError> => {
  const error: unknown = await call.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof ContractsError)) throw new Error(`no error of ours: ${String(error)}`);
  return error;
};

describe('what a broker answers instead', () => {
  test.each<[number, unknown, string, RegExp]>([
    [
      400,
      { errors: { environment: ['does not exist'] } },
      'BROKER_REFUSED',
      /environment does not exist/,
    ],
    [401, undefined, 'BROKER_AUTH', /answers 401/],
    [403, { error: { message: 'no permission' } }, 'BROKER_AUTH', /no permission/],
    [409, { notices: [{ type: 'error', text: 'changed' }] }, 'BROKER_CONFLICT', /: changed$/],
    [422, { errors: ['too long'] }, 'BROKER_REFUSED', /too long/],
    [500, { error: { message: 'An error', reference: 'aBc' } }, 'BROKER_FAILED', /An error[^]*aBc/],
    [503, undefined, 'BROKER_UNREACHABLE', /answers 503/],
  ])('%i has a code, and its own words: %j', async (status, body, code, words) => {
    broker.faults.set('can-i-deploy', { status, ...(body !== undefined && { body }) });
    const error = await failure(client.canIDeploy(deployment));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(words);
  });

  test.each<[string, object]>([
    ['no word on it', { status: 200, body: { matrix: [] } }],
    ['a page of somebody else', { status: 200, text: '<html>Welcome</html>' }],
  ])('%s is no answer, least of all a yes', async (_, answer) => {
    broker.faults.set('can-i-deploy', answer as { status: number });
    expect((await failure(client.canIDeploy(deployment))).code).toBe('BROKER_UNSUITABLE');
  });

  test.each([
    [null, null],
    [false, false],
    ['true', null],
    [1, null],
    [true, true],
  ])('deployable %j is %j', async (deployable, expected) => {
    broker.faults.set('can-i-deploy', { status: 200, body: { summary: { deployable } } });
    expect((await client.canIDeploy(deployment)).deployable).toBe(expected);
  });

  test('a yes about no consumer at all is none, and told', async () => {
    const summary = { deployable: true, reason: 'There are no missing dependencies', success: 0 };
    broker.faults.set('can-i-deploy', { status: 200, body: { summary } });
    expect(await client.canIDeploy(deployment)).toMatchObject({
      deployable: null,
      reason: `no deployed consumer in ${deployment.environment} is known (the broker: There are no missing dependencies)`,
    });
    for (const known of [
      { ...summary, success: 1 },
      { ...summary, deployable: false },
    ]) {
      broker.faults.set('can-i-deploy', { status: 200, body: { summary: known } });
      const { deployable, reason } = await client.canIDeploy(deployment);
      expect([deployable, reason]).toEqual([known.deployable, summary.reason]);
    }
  });

  test('a version that it does not know is no yes, and told', async () => {
    const { deployable, reason } = await client.canIDeploy(deployment);
    expect(deployable).toBeNull();
    expect(reason).toMatch(/knows no version 7 of shop/);
  });

  test('nothing within the time, and nobody at the address', async () => {
    broker.faults.set('index', 'silence');
    const late = openBroker({ url: broker.url, token, timeoutMs: 100 });
    const error = await failure(late.canIDeploy(deployment));
    expect([error.code, error.message]).toEqual([
      'BROKER_UNREACHABLE',
      `the Pact Broker at ${broker.url} does not answer: no answer within 100 ms`,
    ]);
    const nobody = openBroker({ url: `http://127.0.0.1:${await freePort()}` });
    expect(await failure(nobody.canIDeploy(deployment))).toMatchObject({
      code: 'BROKER_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('nobody waits for it any longer', async () => {
    broker.faults.set('index', 'silence');
    const stop = new AbortController();
    const asked = openBroker({ url: broker.url, token, signal: stop.signal });
    const call = failure(asked.canIDeploy(deployment));
    stop.abort();
    expect((await call).code).toBe('CANCELLED');
  });

  test('an index without the relation is told by its name', async () => {
    broker.faults.set('index', { status: 200, body: { _links: { self: { href: '/' } } } });
    expect(await failure(client.recordDeployment(deployment))).toMatchObject({
      code: 'BROKER_UNSUITABLE',
      message: expect.stringContaining('has no pb:pacticipant-version'),
    });
  });

  test('an environment that is not there, a version that is not there', async () => {
    const unknown = await failure(client.recordDeployment(deployment));
    expect([unknown.code, unknown.message]).toEqual([
      'BROKER_NOT_FOUND',
      'the Pact Broker knows no version 7 of shop: publish its results first',
    ]);
    broker.versions.set('shop 8', {});
    const nowhere = { ...deployment, version: '8', environment: 'staging' };
    expect((await failure(client.recordDeployment(nowhere))).message).toMatch(
      /no environment staging.*strangler contracts environment staging makes it/,
    );
    await client.recordDeployment({ ...nowhere, environment: 'production' });
    expect(broker.deployed).toEqual([
      { pacticipant: 'shop', version: '8', environment: 'production' },
    ]);
  });

  test('two who make the same environment at once: one makes it, both have it', async () => {
    const made = await Promise.all([1, 2].map(() => client.ensureEnvironment({ name: 'twin' })));
    expect(made.filter(({ created }) => created)).toHaveLength(1);
    expect((await failure(client.ensureEnvironment({ name: 'twin', production: true }))).code).toBe(
      'BROKER_CONFLICT',
    );
  });
});

describe('credentials', () => {
  // Another server, which must never hear them.
  let stranger: Server;
  let elsewhere: string;
  let overheard: string[];
  beforeAll(async () => {
    stranger = createServer((request, response) => {
      overheard.push(request.headers.authorization ?? 'none');
      response.end('{"_links":{}}');
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    elsewhere = `http://localhost:${(stranger.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    overheard = [];
  });
  afterAll(
    () => new Promise((resolve) => (stranger ? stranger.close(resolve) : resolve(undefined))),
  );

  test('a token, or a user with a password; not both, and not in the address', async () => {
    await client.ensureEnvironment({ name: 'production' });
    expect(broker.heard[0]?.authorization).toBe(`Bearer ${token}`);
    const basic = openBroker({ url: broker.url, username: 'pacts', password: 'pässwort' });
    expect((await failure(basic.canIDeploy(deployment))).code).toBe('BROKER_AUTH');
    expect(broker.heard.at(-1)?.authorization).toBe(
      `Basic ${Buffer.from('pacts:pässwort').toString('base64')}`,
    );
    expect(() => openBroker({ url: broker.url, token, username: 'pacts' })).toThrow(/both/);
    expect(() => openBroker({ url: 'http://pacts:hidden@broker' })).toThrow(
      /^the address of the Pact Broker at broker holds credentials/,
    );
    expect(() => openBroker({ url: 'broker' })).toThrow(/no URL/);
  });

  test('are in no message, though a server quotes them', async () => {
    broker.faults.set('index', { status: 400, body: { errors: [`Bearer ${token} is old`] } });
    expect((await failure(client.canIDeploy(deployment))).message).toMatch(/: Bearer … is old$/);
  });

  test.each([301, 302, 307, 308])('do not go along a redirect to elsewhere: %i', async (status) => {
    broker.faults.set('index', { status, headers: { location: elsewhere }, text: '' });
    const error = await failure(client.canIDeploy(deployment));
    expect([error.code, error.message]).toEqual([
      'BROKER_UNSUITABLE',
      expect.stringContaining(`redirects to ${elsewhere}/, which is not followed`),
    ]);
    expect(overheard).toEqual([]);
  });

  test('do not go along a link to elsewhere', async () => {
    const link = { href: `${elsewhere}/environments` };
    broker.faults.set('index', { status: 200, body: { _links: { 'pb:environments': link } } });
    expect(await failure(client.ensureEnvironment({ name: 'a' }))).toMatchObject({
      code: 'BROKER_UNSUITABLE',
      message: expect.stringContaining(`names its resources at ${elsewhere}`),
    });
    expect(overheard).toEqual([]);
  });

  test('a redirect within the broker is followed, but never turns what is written into a look', async () => {
    broker.faults.set('webhook', { status: 302, headers: { location: broker.url }, text: '' });
    const wish = { provider: 'shop', description: 'a', url: 'https://ci', headers: {}, body: {} };
    expect((await failure(client.ensureWebhook(wish))).code).toBe('BROKER_UNSUITABLE');
    broker.faults.set('can-i-deploy', { status: 302, headers: { location: broker.url }, text: '' });
    // It arrives at the index, which says nothing about deployments.
    expect((await failure(client.canIDeploy(deployment))).message).toMatch(/without a word/);
    broker.faults.set('index', { status: 302, headers: { location: broker.url }, text: '' });
    const circling = openBroker({ url: broker.url, token });
    expect((await failure(circling.canIDeploy(deployment))).message).toMatch(/in circles/);
  });
});

describe('TLS', () => {
  let folder: TemporaryFolder;
  let secure: StandInBroker;
  let ca: string;
  beforeAll(async () => {
    folder = await temporaryFolder('broker-tls');
    const authority = await makeAuthority(folder.path, 'own');
    const { key, cert } = await authority.sign('broker');
    ca = await readFile(authority.ca, 'utf8');
    secure = await startBroker({
      tls: { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') },
    });
  });
  afterAll(async () => {
    await secure?.stop();
    await folder?.remove();
  });

  test("a certificate of an authority of one's own wants that authority", async () => {
    const known = openBroker({ url: secure.url, ca });
    expect(await known.ensureEnvironment({ name: 'production' })).toEqual({
      created: false,
      production: true,
    });
    const error = await failure(openBroker({ url: secure.url }).ensureEnvironment({ name: 'a' }));
    expect(error.code).toBe('BROKER_UNREACHABLE');
    expect(error.message).toMatch(/certificate|UNABLE_TO_VERIFY/i);
  });
});
