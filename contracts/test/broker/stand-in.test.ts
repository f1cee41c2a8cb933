import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openBroker } from '@strangler-toolkit/contracts';
import { recorded, sent, shapeOf } from '../support/broker-shapes.ts';
import { type StandInBroker, startBroker } from '../support/pact-broker.ts';

// Tests may trust the stand-in as far as it answers as the broker's own recordings do, and is sent what those send.
let broker: StandInBroker;
beforeAll(async () => {
  broker = await startBroker();
  const content = { consumer: { name: 'web' }, provider: { name: 'shop' }, interactions: [] };
  broker.has({ consumer: 'web', provider: 'shop', version: '1', content });
  await talk();
});
afterAll(() => broker?.stop());

/** Everything that the client says, once. */
async function talk(): Promise<void> {
  const client = openBroker({ url: broker.url });
  const pact = { file: 'x.json', consumer: 'app', provider: 'shop', content: '{}' };
  await client.publish({
    pacts: [pact],
    version: '1',
    branch: 'main',
    tags: ['dev'],
    buildUrl: 'http://ci/1',
  });
  const [first] = await client.pactsForVerification({
    provider: 'shop',
    branch: 'main',
    wipSince: '2026-01-01',
  });
  if (first === undefined) throw new Error('no pact');
  await client.publishResults({
    provider: 'shop',
    version: '7',
    branch: 'main',
    buildUrl: 'http://ci/2',
    results: [{ pact: first, success: true }],
  });
  await client.ensureEnvironment({ name: 'test', production: false });
  await client.ensureWebhook({
    provider: 'shop',
    description: 'a webhook',
    url: 'https://ci/hook',
    headers: { Accept: 'application/json' },
    body: {},
  });
}

const ask = async (path: string, body?: unknown, method = 'POST'): Promise<unknown> => {
  const response = await fetch(
    `${broker.url}/${path}`,
    body === undefined ? {} : { method, body: JSON.stringify(body) },
  );
  return response.json();
};
const contract = (interactions: unknown[]) => ({
  pacticipantName: 'app',
  pacticipantVersionNumber: '2',
  contracts: [
    {
      providerName: 'shop',
      content: Buffer.from(JSON.stringify({ interactions })).toString('base64'),
    },
  ],
});

test.each<[keyof typeof recorded, () => Promise<unknown>]>([
  ['index', () => ask('')],
  ['published', () => ask('publish', contract([]))],
  ['conflict', () => ask('publish', contract([1]))],
  ['invalid', () => ask('publish', { pacticipantName: 'app', contracts: [] })],
  ['forVerification', () => ask('for-verification/shop', { includePendingStatus: true })],
  ['pact', () => ask('pact/0')],
  ['version', () => ask('version/shop/7')],
  ['canIDeploy', () => ask('can-i-deploy/shop/7/production')],
  ['environments', () => ask('environments')],
  [
    'webhook',
    () => ask('webhook/0123456789abcdef', { description: 'a', events: [{ name: 'b' }] }, 'PUT'),
  ],
])('it answers as the broker is recorded to: %s', async (what, answer) => {
  const shape = shapeOf(await answer());
  // Null is what the matrix has where it does not know.
  const known = shape.map((path) => path.replace('deployable: null', 'deployable: boolean'));
  expect(recorded[what].filter((path) => !known.includes(path))).toEqual([]);
});

test.each<[string, keyof typeof sent]>([
  ['publish', 'publish'],
  ['for-verification', 'forVerification'],
  ['results', 'result'],
  ['environments', 'environment'],
  ['webhook', 'webhook'],
])('the client sends to %s what the recordings send', (relation, what) => {
  const bodies = broker.asked(relation).filter(({ method }) => method !== 'GET');
  expect(bodies.length).toBeGreaterThan(0);
  const fields = Object.keys(bodies[0]?.body ?? {});
  const known: readonly string[] = sent[what];
  expect(fields.filter((field) => !known.includes(field))).toEqual([]);
});

test('and inside of it', () => {
  const [publish] = broker.asked('publish');
  const [contractSent] = (publish?.body.contracts ?? []) as object[];
  expect(Object.keys(contractSent ?? {})).toEqual([...sent.contract]);
  const [hook] = broker.asked('webhook');
  const request = hook?.body.request as object;
  const known: readonly string[] = sent.webhookRequest;
  expect(Object.keys(request).filter((field) => !known.includes(field))).toEqual([]);
});

test('a shape names what stands where, also in lists', () =>
  expect(shapeOf({ a: [{ b: 1 }, { b: 2, c: null }], d: { e: true } })).toEqual([
    'a[].b: number',
    'a[].c: null',
    'd.e: boolean',
  ]));
