import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { freePort } from '@strangler-toolkit/dev-stack';
import { brokerShop, ci, codeOf, quote } from '../support/broker-shop.ts';
import { cli, json } from '../support/cli.ts';

const shop = brokerShop('broker_pacts');

describe('contracts verify takes the pacts that the broker wants verified', () => {
  test('what is required is evidence; results go back for the version of each side, with branch and build', async () => {
    shop.has('web');
    const build = { GITHUB_REPOSITORY: 'shop/shop', GITHUB_RUN_ID: '7' };
    const result = await shop.verify({}, { ...ci, ...build });
    expect(result).toMatchObject({
      pacts: shop.broker.url,
      recorded: true,
      broker: {
        pacts: [{ name: 'Pact between web (1) and shop', status: 'required' }],
        results: {
          monolith: { published: true, version: 'mono-1', left: [] },
          service: { published: true, version: 'svc-1', left: [] },
        },
      },
    });
    expect(shop.results()).toEqual([
      ['web', 'mono-1', true],
      ['web', 'svc-1', true],
    ]);
    expect(shop.broker.results[0]?.buildUrl).toBe('https://github.com/shop/shop/actions/runs/7');
    expect(shop.broker.versions.get('shop svc-1')).toMatchObject({ branch: 'main' });
    expect(shop.broker.asked('for-verification')[0]?.body).toMatchObject({
      includePendingStatus: true,
      providerVersionBranch: 'main',
    });
    expect(await shop.pactsGate()).toMatchObject({ monolith: true, service: true });
  });

  test('evidence of it is void once the broker wants another pact, cannot be asked, or is not set', async () => {
    shop.has('web');
    await shop.verify();
    expect((await shop.pactsGate())?.voidSince).toBeUndefined();
    shop.has('app');
    expect((await shop.pactsGate())?.voidSince).toBe(
      'the Pact Broker wants pacts kept that it was not about: Pact between app (1) and shop',
    );
    shop.broker.unproven.set('app', 'pending');
    expect((await shop.pactsGate())?.voidSince).toBeUndefined();
    shop.broker.faults.set('for-verification', { status: 500 });
    expect((await shop.pactsGate())?.voidSince).toMatch(
      /cannot be asked which pacts count now.*500/,
    );
    expect((await shop.pactsGate({ PACT_BROKER_BASE_URL: undefined }))?.voidSince).toMatch(
      /is not set here/,
    );
  });

  test('pending and work in progress fail nothing and prove nothing, but their results are published', async () => {
    shop.has('web');
    shop.broker.has(
      { consumer: 'new', provider: 'shop', version: '1', content: quote('new', '/nowhere') },
      'pending',
    );
    shop.has('lab', 'wip');
    const result = await shop.verify({ wipSince: '2026-01-01' });
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
    expect(shop.results()).toContainEqual(['lab', 'svc-1', true]);
    expect(await shop.pactsGate()).toMatchObject({ service: true, notVerified: [] });
  });

  test('a pending pact that the service breaks fails nothing; once required it does', async () => {
    shop.has('web', 'pending');
    shop.status.service = 500;
    const pending = await shop.verify();
    expect([pending.recorded, pending.sides.service?.ok]).toEqual([false, true]);
    expect(shop.told).toContain(
      'no pact is required yet, so there is nothing that gates could count',
    );
    expect(shop.results()).toEqual([
      ['web', 'mono-1', true],
      ['web', 'svc-1', false],
    ]);
    // The monolith's success was enough for the shop.broker.
    expect(await codeOf(shop.verify())).toBe('PACTS_FAILED');
  });

  test('a pact that is pending and held counts when the broker requires it afterwards', async () => {
    shop.has('web');
    shop.has('new', 'pending');
    await shop.verify();
    expect(shop.broker.unproven.size).toBe(0);
    expect((await shop.pactsGate())?.voidSince).toBeUndefined();
  });

  test('nobody at a side is a failure, pending or not, and nothing is said of its version', async () => {
    shop.has('web', 'pending');
    const silent = `http://127.0.0.1:${await freePort()}`;
    const run = cli(
      ['contracts', 'verify', 'shop', '--side', 'service', '--provider-version', '9', '--json'],
      shop.environment({
        ...ci,
        STRANGLER_CONTEXTS: await shop.contextsWith({ service: { url: silent } }),
      }),
    );
    const ended = await run;
    expect(ended.code).toBe(6);
    expect(json<{ error: object }>(ended).error).toMatchObject({
      code: 'PACTS_UNREACHABLE',
      details: { sides: { service: { ok: false } } },
    });
    expect(shop.broker.results).toEqual([]);
  });

  test('no pact at all is not a success', async () =>
    expect(await codeOf(shop.verify())).toBe('PACTS_NOT_FOUND'));

  test('--no-broker takes the files, and refuses what only a broker knows', async () => {
    await mkdir(join(shop.folder, 'pacts'), { recursive: true });
    await writeFile(join(shop.folder, 'pacts', 'web-shop.json'), JSON.stringify(quote('web')));
    const result = await shop.verify({ broker: false });
    expect([result.pacts, result.broker]).toEqual([join(shop.folder, 'pacts'), undefined]);
    expect(shop.broker.heard).toEqual([]);
    expect(await codeOf(shop.verify({ broker: false, wipSince: '2026-01-01' }))).toBe('USAGE');
    expect(await codeOf(shop.verify({ broker: false, publishResults: true }))).toBe('USAGE');
  });

  test('a run that asked for less than gates want leaves the evidence as it is, and says why', async () => {
    shop.has('web');
    shop.status.service = 500;
    expect(await codeOf(shop.verify())).toBe('PACTS_FAILED');
    shop.status.service = 200;
    const narrow = [{ selectors: ['{"mainBranch":true}'] }, { branch: 'main' }, { broker: false }];
    for (const options of narrow) {
      const { recorded, noEvidence } = await shop.verify(options);
      expect([recorded, noEvidence]).toEqual([false, expect.any(String)]);
      expect((await shop.pactsGate())?.service).toBe(false);
    }
    const typed = await cli(
      ['contracts', 'verify', 'shop', '--branch', 'main'],
      shop.environment(),
    );
    expect(typed.stdout).toContain(
      'not recorded as evidence: what the broker wants depends on --branch main',
    );
  });

  test('evidence of the folder does not stand for the pacts of a broker that came since', async () => {
    const unset = { ...ci, PACT_BROKER_BASE_URL: '' };
    expect((await shop.verify({}, unset)).recorded).toBe(true);
    expect((await shop.pactsGate(unset))?.voidSince).toBeUndefined();
    expect((await shop.pactsGate())?.voidSince).toMatch(/a Pact Broker is set/);
  });

  test('work in progress is of a branch: without one it is refused, not left out', async () => {
    shop.has('web');
    const nowhere = shop.environment({ GIT_DIR: join(shop.folder, 'no-repository') });
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
  await shop.sql('CREATE TABLE watched (id int PRIMARY KEY)');
  const pacts = join(shop.folder, 'watched');
  await mkdir(pacts);
  const interactions = [message('public.watched c')];
  const changes = { ...quote('web'), provider: { name: 'shop-changes' }, interactions };
  await writeFile(join(pacts, 'web-shop.json'), JSON.stringify(quote('web')));
  await writeFile(join(pacts, 'web-changes.json'), JSON.stringify(changes));
  const database = shop.controlUrl;
  const STRANGLER_CONTEXTS = await shop.contextsWith({
    data: 'replicated',
    monolith: { url: shop.urls.monolith, database },
    service: { url: shop.urls.service, database },
    tables: [{ monolith: 'watched', service: [{ table: 'watched', columns: { id: 'id' } }] }],
    contracts: {
      pacts,
      provider: 'shop',
      messages: { 'shop-changes': { monolith: { from: 'changes' } } },
    },
  });
  const lose = async (): Promise<void> =>
    void (await shop.sql(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'strangler-contracts'`,
    ));
  const run = shop.verify(
    { record: false, onResult: lose },
    { STRANGLER_CONTEXTS, PACT_BROKER_BASE_URL: '' },
  );
  expect(await codeOf(run)).toBe('PACTS_FAILED');
  expect(shop.told).toContainEqual(expect.stringMatching(/^not all was closed in order/));
});

describe('results are published of what is known', () => {
  beforeEach(() => shop.has('web'));

  test('not outside of a pipeline, unless it is asked for; never where it is forbidden', async () => {
    const alone = await shop.verify({ record: false }, {});
    expect(alone.broker?.results.service).toMatchObject({
      why: expect.stringContaining('--publish-results'),
    });
    await shop.verify({ record: false, publishResults: false });
    expect(shop.broker.results).toEqual([]);
    await shop.verify({ record: false, publishResults: true }, {});
    expect(shop.results()).toHaveLength(2);
  });

  test('not of a build that is dirty or does not say what it is; asked for by name, that is an error', async () => {
    shop.builds = { monolith: 'mono-1-dirty', service: '<html>' };
    const { broker: said } = await shop.verify({ record: false });
    expect(said?.results).toMatchObject({
      monolith: { published: false, why: expect.stringContaining('not as it was committed') },
      service: { published: false, why: expect.stringContaining('neither one word nor JSON') },
    });
    expect(await codeOf(shop.verify({ record: false, publishResults: true }))).toBe(
      'CONTRACTS_VERSION_UNKNOWN',
    );
    expect(shop.broker.results).toEqual([]);
  });

  test('not as kept of a side whose part of the messages was asked of the other', async () => {
    const { interactions, ...pact } = quote('mixed');
    const content = { ...pact, interactions: [...interactions, message('rate.set')] };
    shop.broker.has({ consumer: 'mixed', provider: 'shop', version: '1', content });
    const contracts = {
      pacts: join(shop.folder, 'pacts'),
      provider: 'shop',
      messages: { shop: { monolith: { url: shop.urls.monolith } } },
    };
    const contexts = await shop.contextsWith({
      monolith: { url: shop.urls.monolith, buildPath: '/version' },
      service: { url: shop.urls.service, buildPath: '/version' },
      contracts,
    });
    const run = shop.verify({ record: false }, { ...ci, STRANGLER_CONTEXTS: contexts });
    // What the monolith answers is no such message.
    expect(await codeOf(run)).not.toBe('none');
    expect(shop.results()).toContainEqual(['web', 'svc-1', true]);
    expect(shop.results()).not.toContainEqual(['mixed', 'svc-1', true]);
  });

  test('not of a build that came while it was asked', async () => {
    shop.onQuote = () => (shop.builds = { ...shop.builds, service: 'svc-2' });
    const { broker: said } = await shop.verify({ record: false });
    expect(said?.results).toMatchObject({
      monolith: { published: true },
      service: { published: false, why: 'the service is another build than when it was asked' },
    });
    expect(shop.results()).toEqual([['web', 'mono-1', true]]);
  });

  test('of two sides with the same version together: broken where one breaks it', async () => {
    shop.builds = { monolith: 'v1', service: 'v1' };
    shop.status.monolith = 404;
    expect(await codeOf(shop.verify({ record: false }))).toBe('PACTS_FAILED');
    expect(shop.results()).toEqual([['web', 'v1', false]]);
  });

  test('--provider-version is of one side', async () => {
    expect(await codeOf(shop.verify({ providerVersion: '9' }))).toBe('USAGE');
    await shop.verify({ providerVersion: '9', side: 'service' });
    expect(shop.results()).toEqual([['web', '9', true]]);
  });

  test('a broker that takes no results fails the run, but not what the pacts say nor the evidence', async () => {
    shop.broker.faults.set('results', { status: 500, body: { error: { message: 'no disk' } } });
    expect(await codeOf(shop.verify())).toBe('BROKER_FAILED');
    expect((await shop.pactsGate())?.service).toBe(true);
    shop.status.service = 500;
    expect(await codeOf(shop.verify())).toBe('PACTS_FAILED');
  });
});
