import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { createTestDatabase, temporaryFolder } from '@strangler-toolkit/dev-stack';
import pg from 'pg';
import { type StandInBroker, startBroker } from '../../../contracts/test/support/pact-broker.ts';
import { type ContractsOptions, contractsVerify } from '../../src/steps/contracts/verify.ts';
import { gatherFacts } from '../../src/steps/gate-facts.ts';
import { Toolkit } from '../../src/steps/toolkit.ts';

type Each<Value> = Record<'monolith' | 'service', Value>;
type Environment = Record<string, string | undefined>;

export const ci = { CI: 'true', GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: 'main' };

/** A pact of one request. */
export const quote = (consumer: string, path = '/quote') => ({
  consumer: { name: consumer },
  provider: { name: 'shop' },
  metadata: { pactSpecification: { version: '4.0' } },
  interactions: [
    {
      type: 'Synchronous/HTTP',
      description: `a quote for ${consumer}`,
      request: { method: 'GET', path },
      response: { status: 200 },
    },
  ],
});

export const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'none',
    (error: unknown) => Object(error).code,
  );

/**
 * A Pact Broker's stand-in (see there what it is held to), new for each test, two sides that answer a quote, a control database
 * and a folder, for the suite that calls this.
 */
export function brokerShop(name: string) {
  const token = 'sEcr3t-T0ken';
  const servers: Server[] = [];
  const closing: (() => Promise<unknown>)[] = [];
  const shop = {
    token,
    broker: undefined as unknown as StandInBroker,
    folder: '',
    controlUrl: '',
    urls: { monolith: '', service: '' } as Each<string>,
    /** What each side says that it is, and with what it answers. */
    builds: { monolith: '', service: '' } as Each<string>,
    status: { monolith: 200, service: 200 } as Each<number>,
    /** Called at each request for a quote. */
    onQuote: (): void => undefined,
    /** What the last work told on its way. */
    told: [] as string[],
    has: (consumer: string, unproven?: 'pending' | 'wip', version = '1'): void =>
      shop.broker.has({ consumer, provider: 'shop', version, content: quote(consumer) }, unproven),
    environment: (more: Environment = {}): Environment => ({
      // Whatever pipeline runs this suite.
      ...Object.fromEntries(
        Object.keys(process.env)
          .filter((key) => /^(CI|GITHUB_|JENKINS_URL|TF_BUILD|GIT_)/.test(key))
          .map((key) => [key, undefined]),
      ),
      STRANGLER_CONTEXTS: join(shop.folder, 'contexts'),
      STRANGLER_CONTROL_URL: shop.controlUrl,
      PACT_BROKER_BASE_URL: shop.broker.url,
      PACT_BROKER_TOKEN: token,
      PACT_BROKER_ENVIRONMENT: 'production',
      ...more,
    }),
    async withKit<T>(
      work: (kit: Toolkit) => Promise<T>,
      more: Environment = {},
      signal = new AbortController().signal,
    ): Promise<T> {
      shop.told = [];
      const onProgress = ({ text }: { text: string }): void => void shop.told.push(text);
      await using kit = new Toolkit({ env: shop.environment(more), signal, onProgress });
      return await work(kit);
    },
    verify: (options: Partial<ContractsOptions> = {}, env: Record<string, string> = ci) =>
      shop.withKit((kit) => contractsVerify.execute(kit, { context: 'shop', ...options }), env),
    pactsGate: (more: Environment = {}) =>
      shop.withKit(async (kit) => {
        const facts = await gatherFacts(kit, await kit.definition('shop'), 'canary', {});
        return facts.pacts;
      }, more),
    results: () =>
      shop.broker.results.map(({ consumer, providerApplicationVersion, success }) => [
        consumer,
        providerApplicationVersion,
        success,
      ]),
    async contextsWith(more: object): Promise<string> {
      const dir = join(shop.folder, `contexts-${Math.random().toString(36).slice(2)}`);
      await mkdir(dir);
      await writeFile(join(dir, 'shop.json'), JSON.stringify({ ...context(), ...more }));
      return dir;
    },
    async sql(statement: string): Promise<Record<string, unknown>[]> {
      const client = new pg.Client({ connectionString: shop.controlUrl });
      await client.connect();
      try {
        return (await client.query<Record<string, unknown>>(statement)).rows;
      } finally {
        await client.end();
      }
    },
    async stage(to: string, owner: string): Promise<void> {
      await shop.withKit(async (kit) =>
        (await kit.control()).contexts.register('shop', 'none').then(() => undefined),
      );
      await shop.sql(
        `UPDATE strangler_control.contexts SET stage = '${to}', owner = '${owner}' WHERE context = 'shop'`,
      );
    },
  };

  const context = (sides: object = {}) => ({
    context: 'shop',
    data: 'none',
    monolith: { url: shop.urls.monolith, ...sides },
    service: { url: shop.urls.service, ...sides },
    routes: [{ name: 'quote', method: 'GET', path: '/quote', kind: 'read' }],
    contracts: { pacts: join(shop.folder, 'pacts'), provider: 'shop' },
  });
  const answering = async (side: 'monolith' | 'service'): Promise<string> => {
    const server = createServer((request, response) => {
      if (request.url === '/version') return void response.end(shop.builds[side]);
      if (request.method === 'GET') shop.onQuote();
      return void response.writeHead(shop.status[side]).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  beforeAll(async () => {
    const folder = await temporaryFolder(name);
    closing.push(() => folder.remove());
    const control = await createTestDatabase(`${name}_control`);
    closing.push(() => control.drop());
    shop.folder = folder.path;
    shop.controlUrl = control.url;
    shop.urls = { monolith: await answering('monolith'), service: await answering('service') };
    await mkdir(join(shop.folder, 'contexts'));
    await writeFile(
      join(shop.folder, 'contexts', 'shop.json'),
      JSON.stringify(context({ buildPath: '/version' })),
    );
  });
  beforeEach(async () => {
    await shop.broker?.stop();
    shop.broker = await startBroker({ authorization: `Bearer ${token}` });
    shop.builds = { monolith: 'mono-1', service: 'svc-1' };
    shop.status = { monolith: 200, service: 200 };
    shop.onQuote = () => undefined;
  });
  afterAll(async () => {
    await shop.broker?.stop();
    for (const server of servers) await new Promise((resolve) => server.close(resolve));
    for (const close of closing) await close();
  });
  return shop;
}
