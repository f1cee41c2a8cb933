import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  freePort,
  makeAuthority,
  temporaryFolder,
  type TemporaryFolder,
  type TestDatabase,
  until,
} from '@strangler-toolkit/dev-stack';
import { type StandInBroker, startBroker } from '../../contracts/test/support/pact-broker.ts';
import { rollback } from '../src/steps/change-owner/index.ts';
import { canI } from '../src/steps/can-i.ts';
import { type ContractsOptions, contractsVerify } from '../src/steps/contracts/verify.ts';
import { gatherFacts } from '../src/steps/gate-facts.ts';
import { Toolkit } from '../src/steps/toolkit.ts';
import { cli, type CliResult, json } from './support/cli.ts';

// A Pact Broker's stand-in (see there what it is held to), two sides that answer a quote, and a control database.
let folder: TemporaryFolder;
let control: TestDatabase;
let broker: StandInBroker;
let sides: Record<'monolith' | 'service', { server: Server; url: string }>;
let builds: Record<'monolith' | 'service', string>;
let status: Record<'monolith' | 'service', number>;
/** Called at each request for a quote. */
let onQuote: () => void;
const token = 'sEcr3t-T0ken';

const answering = async (
  side: 'monolith' | 'service',
): Promise<{ server: Server; url: string }> => {
  const server = createServer((request, response) => {
    if (request.url === '/version') return void response.end(builds[side]);
    if (request.method === 'GET') onQuote();
    return void response.writeHead(status[side]).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

beforeAll(async () => {
  folder = await temporaryFolder('broker');
  control = await createTestDatabase('broker_control');
  builds = { monolith: 'mono-1', service: 'svc-1' };
  sides = { monolith: await answering('monolith'), service: await answering('service') };
  await mkdir(join(folder.path, 'contexts'));
  await writeFile(
    join(folder.path, 'contexts', 'shop.json'),
    JSON.stringify({
      context: 'shop',
      data: 'none',
      monolith: { url: sides.monolith.url, buildPath: '/version' },
      service: { url: sides.service.url, buildPath: '/version' },
      routes: [{ name: 'quote', method: 'GET', path: '/quote', kind: 'read' }],
      contracts: { pacts: join(folder.path, 'pacts'), provider: 'shop' },
    }),
  );
});
beforeEach(async () => {
  await broker?.stop();
  broker = await startBroker({ authorization: `Bearer ${token}` });
  builds = { monolith: 'mono-1', service: 'svc-1' };
  status = { monolith: 200, service: 200 };
  onQuote = () => undefined;
});
afterAll(async () => {
  await broker?.stop();
  for (const { server } of Object.values(sides ?? {}))
    await new Promise((resolve) => server.close(resolve));
  await folder?.remove();
  await control?.drop();
});

const quote = (consumer: string, path = '/quote') => ({
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
const has = (consumer: string, unproven?: 'pending' | 'wip', version = '1'): void =>
  broker.has({ consumer, provider: 'shop', version, content: quote(consumer) }, unproven);

const environment = (more: Record<string, string | undefined> = {}) => ({
  // Whatever pipeline runs this suite.
  ...Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => /^(CI|GITHUB_|JENKINS_URL|TF_BUILD|GIT_)/.test(name))
      .map((name) => [name, undefined]),
  ),
  STRANGLER_CONTEXTS: join(folder.path, 'contexts'),
  STRANGLER_CONTROL_URL: control.url,
  PACT_BROKER_BASE_URL: broker.url,
  PACT_BROKER_TOKEN: token,
  PACT_BROKER_ENVIRONMENT: 'production',
  ...more,
});
const ci = { CI: 'true', GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: 'main' };

let told: string[];
const withKit = async <T>(
  work: (kit: Toolkit) => Promise<T>,
  more: Record<string, string | undefined> = {},
  signal = new AbortController().signal,
): Promise<T> => {
  told = [];
  const onProgress = ({ text }: { text: string }): void => void told.push(text);
  await using kit = new Toolkit({ env: environment(more), signal, onProgress });
  return await work(kit);
};
const verify = (options: Partial<ContractsOptions> = {}, env: Record<string, string> = ci) =>
  withKit((kit) => contractsVerify.execute(kit, { context: 'shop', ...options }), env);
const pactsGate = (more: Record<string, string | undefined> = {}) =>
  withKit(async (kit) => {
    const facts = await gatherFacts(kit, await kit.definition('shop'), 'canary', {});
    return facts.pacts;
  }, more);
const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'none',
    (error: unknown) => Object(error).code,
  );
const results = () =>
  broker.results.map(({ consumer, providerApplicationVersion, success }) => [
    consumer,
    providerApplicationVersion,
    success,
  ]);

describe('contracts verify takes the pacts that the broker wants verified', () => {
  test('what is required is evidence; results go back for the version of each side, with branch and build', async () => {
    has('web');
    const build = { GITHUB_REPOSITORY: 'shop/shop', GITHUB_RUN_ID: '7' };
    const result = await verify({}, { ...ci, ...build });
    expect(result).toMatchObject({
      pacts: broker.url,
      recorded: true,
      broker: {
        pacts: [{ name: 'Pact between web (1) and shop', status: 'required' }],
        results: {
          monolith: { published: true, version: 'mono-1', left: [] },
          service: { published: true, version: 'svc-1', left: [] },
        },
      },
    });
    expect(results()).toEqual([
      ['web', 'mono-1', true],
      ['web', 'svc-1', true],
    ]);
    expect(broker.results[0]?.buildUrl).toBe('https://github.com/shop/shop/actions/runs/7');
    expect(broker.versions.get('shop svc-1')).toMatchObject({ branch: 'main' });
    expect(broker.asked('for-verification')[0]?.body).toMatchObject({
      includePendingStatus: true,
      providerVersionBranch: 'main',
    });
    expect(await pactsGate()).toMatchObject({ monolith: true, service: true });
  });

  test('evidence of it is void once the broker wants another pact, cannot be asked, or is not set', async () => {
    has('web');
    await verify();
    expect((await pactsGate())?.voidSince).toBeUndefined();
    has('app');
    expect((await pactsGate())?.voidSince).toBe(
      'the Pact Broker wants pacts kept that it was not about: Pact between app (1) and shop',
    );
    broker.unproven.set('app', 'pending');
    expect((await pactsGate())?.voidSince).toBeUndefined();
    broker.faults.set('for-verification', { status: 500 });
    expect((await pactsGate())?.voidSince).toMatch(/cannot be asked which pacts count now.*500/);
    expect((await pactsGate({ PACT_BROKER_BASE_URL: undefined }))?.voidSince).toMatch(
      /is not set here/,
    );
  });

  test('pending and work in progress fail nothing and prove nothing, but their results are published', async () => {
    has('web');
    broker.has(
      { consumer: 'new', provider: 'shop', version: '1', content: quote('new', '/nowhere') },
      'pending',
    );
    has('lab', 'wip');
    const result = await verify({ wipSince: '2026-01-01' });
    expect(result.recorded).toBe(true);
    const verdicts = result.sides.service?.interactions.map(
      ({ consumer, verdict, notRequired }) => [consumer, verdict, notRequired],
    );
    expect(verdicts).toEqual([
      ['web', 'kept', undefined],
      ['new', 'pending', 'pending'],
      ['lab', 'pending', 'wip'],
    ]);
    expect(result.sides.service?.ok).toBe(true);
    expect(results()).toContainEqual(['lab', 'svc-1', true]);
    expect(await pactsGate()).toMatchObject({ service: true, notVerified: [] });
  });

  test('a pending pact that the service breaks fails nothing; once required it does', async () => {
    has('web', 'pending');
    status.service = 500;
    const pending = await verify();
    expect([pending.recorded, pending.sides.service?.ok]).toEqual([false, true]);
    expect(told).toContain('no pact is required yet, so there is nothing that gates could count');
    expect(results()).toEqual([
      ['web', 'mono-1', true],
      ['web', 'svc-1', false],
    ]);
    // The monolith's success was enough for the broker.
    expect(await codeOf(verify())).toBe('PACTS_FAILED');
  });

  test('a pact that is pending and held counts when the broker requires it afterwards', async () => {
    has('web');
    has('new', 'pending');
    await verify();
    expect(broker.unproven.size).toBe(0);
    expect((await pactsGate())?.voidSince).toBeUndefined();
  });

  test('nobody at a side is a failure, pending or not, and nothing is said of its version', async () => {
    has('web', 'pending');
    const silent = `http://127.0.0.1:${await freePort()}`;
    const run = cli(
      ['contracts', 'verify', 'shop', '--side', 'service', '--provider-version', '9', '--json'],
      environment({ ...ci, STRANGLER_CONTEXTS: await contextsWith({ service: { url: silent } }) }),
    );
    const ended = await run;
    expect(ended.code).toBe(6);
    expect(json<{ error: object }>(ended).error).toMatchObject({
      code: 'PACTS_UNREACHABLE',
      details: { sides: { service: { ok: false } } },
    });
    expect(broker.results).toEqual([]);
  });

  test('no pact at all is not a success', async () =>
    expect(await codeOf(verify())).toBe('PACTS_NOT_FOUND'));

  test('--no-broker takes the files, and refuses what only a broker knows', async () => {
    await mkdir(join(folder.path, 'pacts'), { recursive: true });
    await writeFile(join(folder.path, 'pacts', 'web-shop.json'), JSON.stringify(quote('web')));
    const result = await verify({ broker: false });
    expect([result.pacts, result.broker]).toEqual([join(folder.path, 'pacts'), undefined]);
    expect(broker.heard).toEqual([]);
    expect(await codeOf(verify({ broker: false, wipSince: '2026-01-01' }))).toBe('USAGE');
    expect(await codeOf(verify({ broker: false, publishResults: true }))).toBe('USAGE');
  });

  test('a run that asked for less than gates want leaves the evidence as it is, and says why', async () => {
    has('web');
    status.service = 500;
    expect(await codeOf(verify())).toBe('PACTS_FAILED');
    status.service = 200;
    const narrow = [{ selectors: ['{"mainBranch":true}'] }, { branch: 'main' }, { broker: false }];
    for (const options of narrow) {
      const { recorded, noEvidence } = await verify(options);
      expect([recorded, noEvidence]).toEqual([false, expect.any(String)]);
      expect((await pactsGate())?.service).toBe(false);
    }
    const typed = await cli(['contracts', 'verify', 'shop', '--branch', 'main'], environment());
    expect(typed.stdout).toContain(
      'not recorded as evidence: what the broker wants depends on --branch main',
    );
  });

  test('evidence of the folder does not stand for the pacts of a broker that came since', async () => {
    const unset = { ...ci, PACT_BROKER_BASE_URL: '' };
    expect((await verify({}, unset)).recorded).toBe(true);
    expect((await pactsGate(unset))?.voidSince).toBeUndefined();
    expect((await pactsGate())?.voidSince).toMatch(/a Pact Broker is set/);
  });

  test('work in progress is of a branch: without one it is refused, not left out', async () => {
    has('web');
    const nowhere = environment({ GIT_DIR: join(folder.path, 'no-repository') });
    const args = ['contracts', 'verify', 'shop', '--no-record', '--wip-since', '2026-01-01'];
    const refused = await cli(args, nowhere);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--branch')]);
    expect((await cli([...args, '--branch', 'main'], nowhere)).code).toBe(0);
  });
});

const message = (type: string): object => ({
  type: 'Asynchronous/Messages',
  description: type,
  metadata: { type },
  contents: { content: { op: 'c' }, contentType: 'application/json', encoded: false },
});

test('a lost connection to what messages are read from does not replace what the pacts say', async () => {
  await sql('CREATE TABLE watched (id int PRIMARY KEY)');
  const pacts = join(folder.path, 'watched');
  await mkdir(pacts);
  const interactions = [message('public.watched c')];
  const changes = { ...quote('web'), provider: { name: 'shop-changes' }, interactions };
  await writeFile(join(pacts, 'web-shop.json'), JSON.stringify(quote('web')));
  await writeFile(join(pacts, 'web-changes.json'), JSON.stringify(changes));
  const database = control.url;
  const STRANGLER_CONTEXTS = await contextsWith({
    data: 'replicated',
    monolith: { url: sides.monolith.url, database },
    service: { url: sides.service.url, database },
    tables: [{ monolith: 'watched', service: [{ table: 'watched', columns: { id: 'id' } }] }],
    contracts: {
      pacts,
      provider: 'shop',
      messages: { 'shop-changes': { monolith: { from: 'changes' } } },
    },
  });
  const lose = async (): Promise<void> =>
    void (await sql(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'strangler-contracts'`,
    ));
  const run = verify(
    { record: false, onResult: lose },
    { STRANGLER_CONTEXTS, PACT_BROKER_BASE_URL: '' },
  );
  expect(await codeOf(run)).toBe('PACTS_FAILED');
  expect(told).toContainEqual(expect.stringMatching(/^not all was closed in order/));
});

const contextsWith = async (more: object): Promise<string> => {
  const dir = join(folder.path, `contexts-${Math.random().toString(36).slice(2)}`);
  await mkdir(dir);
  await writeFile(
    join(dir, 'shop.json'),
    JSON.stringify({
      context: 'shop',
      data: 'none',
      monolith: { url: sides.monolith.url },
      service: { url: sides.service.url },
      routes: [{ name: 'quote', method: 'GET', path: '/quote', kind: 'read' }],
      contracts: { pacts: join(folder.path, 'pacts'), provider: 'shop' },
      ...more,
    }),
  );
  return dir;
};

describe('results are published of what is known', () => {
  beforeEach(() => has('web'));

  test('not outside of a pipeline, unless it is asked for; never where it is forbidden', async () => {
    const alone = await verify({ record: false }, {});
    expect(alone.broker?.results.service).toMatchObject({
      why: expect.stringContaining('--publish-results'),
    });
    await verify({ record: false, publishResults: false });
    expect(broker.results).toEqual([]);
    await verify({ record: false, publishResults: true }, {});
    expect(results()).toHaveLength(2);
  });

  test('not of a build that is dirty or does not say what it is; asked for by name, that is an error', async () => {
    builds = { monolith: 'mono-1-dirty', service: '<html>' };
    const { broker: said } = await verify({ record: false });
    expect(said?.results).toMatchObject({
      monolith: { published: false, why: expect.stringContaining('not as it was committed') },
      service: { published: false, why: expect.stringContaining('neither one word nor JSON') },
    });
    expect(await codeOf(verify({ record: false, publishResults: true }))).toBe(
      'CONTRACTS_VERSION_UNKNOWN',
    );
    expect(broker.results).toEqual([]);
  });

  test('not as kept of a side whose part of the messages was asked of the other', async () => {
    const { interactions, ...pact } = quote('mixed');
    const content = { ...pact, interactions: [...interactions, message('rate.set')] };
    broker.has({ consumer: 'mixed', provider: 'shop', version: '1', content });
    const contracts = {
      pacts: join(folder.path, 'pacts'),
      provider: 'shop',
      messages: { shop: { monolith: { url: sides.monolith.url } } },
    };
    const contexts = await contextsWith({
      monolith: { url: sides.monolith.url, buildPath: '/version' },
      service: { url: sides.service.url, buildPath: '/version' },
      contracts,
    });
    const run = verify({ record: false }, { ...ci, STRANGLER_CONTEXTS: contexts });
    // What the monolith answers is no such message.
    expect(await codeOf(run)).not.toBe('none');
    expect(results()).toContainEqual(['web', 'svc-1', true]);
    expect(results()).not.toContainEqual(['mixed', 'svc-1', true]);
  });

  test('not of a build that came while it was asked', async () => {
    onQuote = () => (builds = { ...builds, service: 'svc-2' });
    const { broker: said } = await verify({ record: false });
    expect(said?.results).toMatchObject({
      monolith: { published: true },
      service: { published: false, why: 'the service is another build than when it was asked' },
    });
    expect(results()).toEqual([['web', 'mono-1', true]]);
  });

  test('of two sides with the same version together: broken where one breaks it', async () => {
    builds = { monolith: 'v1', service: 'v1' };
    status.monolith = 404;
    expect(await codeOf(verify({ record: false }))).toBe('PACTS_FAILED');
    expect(results()).toEqual([['web', 'v1', false]]);
  });

  test('--provider-version is of one side', async () => {
    expect(await codeOf(verify({ providerVersion: '9' }))).toBe('USAGE');
    await verify({ providerVersion: '9', side: 'service' });
    expect(results()).toEqual([['web', '9', true]]);
  });

  test('a broker that takes no results fails the run, but not what the pacts say nor the evidence', async () => {
    broker.faults.set('results', { status: 500, body: { error: { message: 'no disk' } } });
    expect(await codeOf(verify())).toBe('BROKER_FAILED');
    expect((await pactsGate())?.service).toBe(true);
    status.service = 500;
    expect(await codeOf(verify())).toBe('PACTS_FAILED');
  });
});

const stage = async (to: string, owner: string): Promise<void> =>
  withKit(async (kit) => {
    const { contexts } = await kit.control();
    await contexts.register('shop', 'none');
    await sql(`UPDATE strangler_control.contexts SET stage = '${to}', owner = '${owner}'`);
  });
const sql = async (statement: string): Promise<unknown[]> => {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: control.url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
};

describe('can-i asks whether the version that comes may be where it goes', () => {
  // Going back has no gates where no data moves: only the broker decides.
  const goBack = (more: Record<string, string | undefined> = {}, options = {}) =>
    withKit((kit) => canI(kit, 'rollback', 'shop', options), more);
  beforeEach(async () => {
    has('web');
    await stage('service', 'service');
  });

  test('yes is yes, with its words; a broken pact and a version that nobody verified are no', async () => {
    expect(await goBack()).toMatchObject({
      yes: false,
      broker: {
        version: 'mono-1',
        deployable: null,
        reason: expect.stringContaining('knows no version mono-1'),
      },
    });
    await verify({ record: false });
    expect(await goBack()).toMatchObject({
      yes: true,
      broker: {
        pacticipant: 'shop',
        environment: 'production',
        version: 'mono-1',
        deployable: true,
        reason: 'All required verification results are published and successful',
      },
    });
    status.monolith = 500;
    await codeOf(verify({ record: false }));
    expect(await goBack()).toMatchObject({ yes: false, broker: { deployable: false } });
  });

  test('a version that is not known is not asked about, and no yes', async () => {
    builds.monolith = '';
    expect(await goBack()).toMatchObject({ yes: false, broker: { deployable: null } });
    await verify({ record: false, side: 'monolith', providerVersion: 'mono-9' });
    expect(await goBack({}, { providerVersion: 'mono-9' })).toMatchObject({ yes: true });
  });

  test('an environment has to be named, and one that the broker does not know is its error', async () => {
    expect(await codeOf(goBack({ PACT_BROKER_ENVIRONMENT: undefined }))).toBe('CONFIG_ENV_MISSING');
    await verify({ record: false });
    expect(await codeOf(goBack({ PACT_BROKER_ENVIRONMENT: 'moon' }))).toBe('BROKER_REFUSED');
  });

  test('a broker that does not answer is an error of its own, and never a yes; the gates alone are asked with --no-broker', async () => {
    await verify({ record: false });
    const asked = (...args: string[]): Promise<CliResult> =>
      cli(['can-i', 'rollback', 'shop', ...args], environment({ PACT_BROKER_BASE_URL: away }));
    const away = `http://127.0.0.1:${await freePort()}`;
    const silent = await asked();
    expect([silent.code, silent.stdout]).toEqual([8, '']);
    expect(silent.stderr).toMatch(/BROKER_UNREACHABLE: .*does not answer: .*ECONNREFUSED/);
    const alone = await asked('--no-broker');
    expect([alone.code, alone.stdout]).toEqual([0, 'yes: rollback shop (stage service)\n']);
    const answered = await cli(['can-i', 'rollback', 'shop'], environment());
    expect([answered.code, answered.stdout]).toEqual([
      0,
      '✓ broker: shop mono-1 in production: All required verification results are published and successful\n' +
        'yes: rollback shop (stage service)\n',
    ]);
  });
});

describe('a change of owner is recorded as a deployment', () => {
  const flip = (more: Record<string, string | undefined> = {}, signal?: AbortSignal) =>
    withKit((kit) => rollback.execute(kit, { context: 'shop' }), more, signal);
  beforeEach(async () => {
    has('web');
    await verify({ record: false });
    await stage('service', 'service');
  });
  const journaled = async () =>
    (
      await sql(
        `SELECT status, detail FROM strangler_control.journal WHERE step = 'deployment' ORDER BY id DESC LIMIT 1`,
      )
    )[0];

  test('the version that serves now, in the environment', async () => {
    expect(await flip()).toMatchObject({
      stage: 'canary',
      owner: 'monolith',
      deployment: { recorded: true, version: 'mono-1', environment: 'production' },
    });
    expect(broker.deployed).toEqual([
      { pacticipant: 'shop', version: 'mono-1', environment: 'production' },
    ]);
    expect(await journaled()).toMatchObject({ status: 'done', detail: { side: 'monolith' } });
    const on = await cli(
      ['cutover', 'shop', '--yes', '--force', '--reason', 'test', '--no-facade'],
      environment(),
    );
    expect([on.code, on.stderr]).toEqual([0, expect.stringContaining('shop svc-1 in production')]);
    expect(broker.deployed.at(-1)?.version).toBe('svc-1');
    // One stage back from the canary nothing was deployed.
    await stage('canary', 'monolith');
    expect((await flip()).deployment).toBeUndefined();
    expect(broker.deployed).toHaveLength(2);
  });

  test.each<[string, () => Promise<Record<string, string | undefined>>, RegExp]>([
    [
      'is away',
      async () => ({ PACT_BROKER_BASE_URL: `http://127.0.0.1:${await freePort()}` }),
      /BROKER_UNREACHABLE/,
    ],
    ['refuses', () => Promise.resolve({ PACT_BROKER_TOKEN: 'old' }), /BROKER_AUTH/],
    [
      'is told no environment',
      () => Promise.resolve({ PACT_BROKER_ENVIRONMENT: undefined }),
      /PACT_BROKER_ENVIRONMENT is not set/,
    ],
    [
      'is given an address that is none',
      () => Promise.resolve({ PACT_BROKER_BASE_URL: 'nowhere' }),
      /CONFIG_INVALID/,
    ],
  ])(
    'a broker that %s fails no flip: what was not recorded is told, journaled, and recorded later',
    async (_, env, why) => {
      const { stage: now, deployment } = await flip(await env());
      expect([now, deployment]).toMatchObject([
        'canary',
        { recorded: false, why: expect.stringMatching(why) },
      ]);
      expect(broker.deployed).toEqual([]);
      expect(await journaled()).toMatchObject({ status: 'failed', detail: deployment });
      const command = deployment?.recorded === false ? deployment.command : '';
      const later = await cli(
        command.replace('<name>', 'production').split(' ').slice(1),
        environment(),
      );
      expect([later.code, later.stdout]).toEqual([
        0,
        'shop mono-1 (the monolith) is recorded as deployed in production\n',
      ]);
      expect(broker.deployed).toHaveLength(1);
    },
  );

  test('a broker that is silent is left with Ctrl-C, after the flip', async () => {
    broker.faults.set('index', 'silence');
    broker.heard.length = 0;
    const stop = new AbortController();
    const flipped = flip({}, stop.signal);
    await until('the broker is asked', () => Promise.resolve(broker.heard.length > 0));
    stop.abort();
    expect(await flipped).toMatchObject({
      stage: 'canary',
      deployment: { recorded: false, why: expect.stringMatching(/^CANCELLED/) },
    });
  });
});

describe('the command line', () => {
  let repository: string;
  const git = (...args: string[]) =>
    promisify(execFile)('git', [
      ...['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@t'],
      ...args,
    ]);
  beforeAll(async () => {
    repository = join(folder.path, 'consumer');
    await mkdir(join(repository, 'pacts'), { recursive: true });
    await writeFile(join(repository, 'client.js'), '1');
    await git('init', '-q', '-b', 'feat/quotes');
    await git('add', '.');
    await git('commit', '-qm', 'one');
  });
  const publish = (args: string[], more: Record<string, string | undefined> = {}) =>
    cli(['contracts', 'publish', join(repository, 'pacts'), ...args], environment(more));
  const write = (pact: object, name = 'web-shop.json') =>
    writeFile(join(repository, 'pacts', name), JSON.stringify(pact));

  test('publishes what the consumer test wrote, as the commit on its branch, and shows what the broker says', async () => {
    await write(quote('web'));
    const commit = (await git('rev-parse', 'HEAD')).stdout.trim();
    const dry = await publish(['--tag', 'dev', '--dry-run']);
    expect([dry.code, dry.stdout]).toEqual([
      0,
      expect.stringContaining(`version ${commit}, branch feat/quotes, tags dev`),
    ]);
    expect(broker.heard).toEqual([]);
    const { code, stdout, stderr } = await publish(['--tag', 'dev', '--build-url', 'http://ci/1']);
    expect([code, stdout]).toEqual([
      0,
      `web ${commit} (feat/quotes): pacts with shop published\nat ${broker.url}\n`,
    ]);
    expect(stderr).toMatch(/success: Pact successfully published for web version/);
    expect(broker.versions.get(`web ${commit}`)).toEqual({
      branch: 'feat/quotes',
      tags: ['dev'],
      buildUrl: 'http://ci/1',
    });
    expect(broker.pacts[0]?.content).toEqual(quote('web'));
  });

  test('a version is published once: changed content of it is refused with the words of the broker, exit 8', async () => {
    await write(quote('web'));
    await publish(['--consumer-version', '1']);
    await write(quote('web', '/other'));
    const again = await publish(['--consumer-version', '1', '--json']);
    expect(again.code).toBe(8);
    expect(json<{ error: object }>(again).error).toMatchObject({
      code: 'BROKER_CONFLICT',
      message: expect.stringContaining('Cannot change the content of the pact for web version 1'),
    });
  });

  test('a version that nobody could look up is none: a client with changes, exit 2', async () => {
    await write(quote('web'));
    await writeFile(join(repository, 'client.js'), '2');
    const { code, stderr } = await publish([]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('CONTRACTS_VERSION_UNKNOWN')]);
    await git('checkout', '-q', '--', 'client.js');
    expect(broker.heard).toEqual([]);
  });

  test('two files that say the same pair are refused, and a context publishes the pacts of its provider', async () => {
    await write(quote('web'));
    await write(quote('web', '/other'), 'web-shop-2.json');
    expect((await publish(['--consumer-version', '1'])).stderr).toMatch(
      /are both pacts of web with shop/,
    );
    await write({ ...quote('web'), provider: { name: 'other' } }, 'web-shop-2.json');
    const contexts = await contextsWith({
      contracts: { pacts: join(repository, 'pacts'), provider: 'shop' },
    });
    const { code, stdout } = await cli(
      ['contracts', 'publish', 'shop', '--consumer-version', '2'],
      environment({ STRANGLER_CONTEXTS: contexts }),
    );
    expect([code, stdout]).toEqual([0, expect.stringContaining('pacts with shop published')]);
    expect(broker.pacts.map(({ provider }) => provider)).toEqual(['shop']);
  });

  test('without a broker there is nothing to publish to', async () => {
    const { code, stderr } = await publish(['--consumer-version', '1'], {
      PACT_BROKER_BASE_URL: undefined,
    });
    expect([code, stderr]).toEqual([2, expect.stringContaining('PACT_BROKER_BASE_URL is not set')]);
  });

  test('a certificate that nobody here knows, and a file that is not there', async () => {
    const authority = await makeAuthority(folder.path, 'own');
    const { key, cert } = await authority.sign('broker');
    const secure = await startBroker({
      tls: { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') },
    });
    try {
      const made = (PACT_BROKER_CA_FILE?: string) =>
        cli(
          ['contracts', 'environment', 'production'],
          environment({ PACT_BROKER_BASE_URL: secure.url, PACT_BROKER_CA_FILE }),
        );
      expect((await made()).stderr).toMatch(/TLS_FAILED: /);
      expect((await made(`${authority.ca}-gone`)).stderr).toMatch(/TLS_FILE: .*cannot be read/);
      expect((await made(authority.ca)).code).toBe(0);
    } finally {
      await secure.stop();
    }
  });

  test('makes an environment once', async () => {
    const made = () => cli(['contracts', 'environment', 'staging'], environment());
    expect((await made()).stdout).toBe('environment staging made\n');
    expect((await made()).stdout).toBe('environment staging is there already\n');
  });

  test('makes the webhook that starts the pipeline of the provider, and renews it; its secret is in no output', async () => {
    const secret = 'Bearer gh-0123456789';
    const hook = (...args: string[]) =>
      cli(
        ['contracts', 'webhook', 'shop', '--url', 'https://ci.example.com/hook', ...args],
        environment({ DISPATCH_AUTH: secret }),
      );
    const header = ['--secret-header', 'Authorization=DISPATCH_AUTH'];
    const [first, second] = [await hook(...header), await hook(...header, '--json')];
    expect([first.code, first.stdout]).toEqual([
      0,
      expect.stringMatching(/^webhook "verify the pacts of shop" made: POST/),
    ]);
    expect(json(second)).toMatchObject({ created: false });
    expect([...broker.webhooks.values()]).toMatchObject([
      {
        provider: { name: 'shop' },
        events: [{ name: 'contract_requiring_verification_published' }],
        request: { method: 'POST', headers: { Authorization: secret } },
      },
    ]);
    for (const { stdout, stderr } of [first, second, await hook(...header, '--dry-run')]) {
      expect(stdout + stderr).not.toContain('gh-0123');
      expect(stdout + stderr).not.toContain(token);
    }
    expect((await hook('--secret-header', 'Authorization=NOT_SET')).code).toBe(2);
  });
});
