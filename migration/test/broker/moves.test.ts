import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { freePort, until } from '@strangler-toolkit/dev-stack';
import { canI } from '../../src/steps/can-i.ts';
import { decideMove } from '../../src/steps/gated-move.ts';
import { rollback } from '../../src/steps/change-owner/index.ts';
import { brokerShop, ci, codeOf } from '../support/broker-shop.ts';
import { cli, type CliResult, json, startCli } from '../support/cli.ts';

const shop = brokerShop('broker_moves');

describe('can-i asks whether the version that comes may be where it goes', () => {
  // Going back has no gates where no data moves: only the broker decides.
  const goBack = (more: Record<string, string | undefined> = {}, options = {}) =>
    shop.withKit((kit) => canI(kit, 'rollback', 'shop', options), more);
  beforeEach(async () => {
    shop.has('web');
    await shop.stage('service', 'service');
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
    await shop.verify({ record: false });
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
    shop.status.monolith = 500;
    await codeOf(shop.verify({ record: false }));
    expect(await goBack()).toMatchObject({ yes: false, broker: { deployable: false } });
  });

  test('a version that is not known is not asked about, and no yes', async () => {
    shop.builds.monolith = '';
    expect(await goBack()).toMatchObject({ yes: false, broker: { deployable: null } });
    await shop.verify({ record: false, side: 'monolith', providerVersion: 'mono-9' });
    expect(await goBack({}, { providerVersion: 'mono-9' })).toMatchObject({ yes: true });
  });

  test('an environment has to be named, and one that the broker does not know is its error', async () => {
    expect(await codeOf(goBack({ PACT_BROKER_ENVIRONMENT: undefined }))).toBe('CONFIG_ENV_MISSING');
    await shop.verify({ record: false });
    expect(await codeOf(goBack({ PACT_BROKER_ENVIRONMENT: 'moon' }))).toBe('BROKER_REFUSED');
  });

  test('a broker that does not answer is an error of its own, and never a yes; the gates alone are asked with --no-broker', async () => {
    await shop.verify({ record: false });
    const asked = (...args: string[]): Promise<CliResult> =>
      cli(['can-i', 'rollback', 'shop', ...args], shop.environment({ PACT_BROKER_BASE_URL: away }));
    const away = `http://127.0.0.1:${await freePort()}`;
    const silent = await asked();
    expect([silent.code, silent.stdout]).toEqual([8, '']);
    expect(silent.stderr).toMatch(/BROKER_UNREACHABLE: .*does not answer: .*ECONNREFUSED/);
    const alone = await asked('--no-broker');
    expect([alone.code, alone.stdout]).toEqual([0, 'yes: rollback shop (stage service)\n']);
    const answered = await cli(['can-i', 'rollback', 'shop'], shop.environment());
    expect([answered.code, answered.stdout]).toEqual([
      0,
      '✓ broker: shop mono-1 in production: All required verification results are published and successful\n' +
        'yes: rollback shop (stage service)\n',
    ]);
  });
});

describe('the gates of ramp and cutover ask it as well', () => {
  const gateOf = (
    move: 'canary' | 'cutover',
    more: Record<string, string | undefined> = {},
    options = {},
  ) =>
    shop.withKit(async (kit) => {
      const { gates } = await decideMove(kit, await kit.definition('shop'), move, options);
      return gates.find(({ gate }) => gate === 'can-i-deploy');
    }, more);
  beforeEach(() => shop.has('web'));

  test.each([
    ['canary', 'shadowing'],
    ['cutover', 'canary'],
  ] as const)('%s: its no is none, its yes is one', async (move, stage) => {
    await shop.stage(stage, 'monolith');
    expect(await gateOf(move)).toMatchObject({
      ok: false,
      actual: expect.stringContaining('knows no version svc-1'),
      command: 'strangler contracts verify shop --publish-results',
    });
    await shop.verify({ record: false });
    expect(await gateOf(move)).toMatchObject({
      ok: true,
      actual: expect.stringMatching(/^shop svc-1 in production: /),
    });
    expect(await gateOf(move, { PACT_BROKER_BASE_URL: undefined })).toBeUndefined();
  });

  test('one that is down is not verified, says how to go on, and that is journaled', async () => {
    await shop.stage('canary', 'monolith');
    const more: Record<string, string> = {
      PACT_BROKER_BASE_URL: `http://127.0.0.1:${await freePort()}`,
    };
    const cutover = (...args: string[]) =>
      cli(['cutover', 'shop', '--yes', '--no-facade', ...args], shop.environment(more));
    expect(await gateOf('cutover', more)).toMatchObject({
      ok: false,
      actual: expect.stringMatching(/^not verified: BROKER_UNREACHABLE/),
    });
    expect(await gateOf('cutover', { PACT_BROKER_ENVIRONMENT: undefined })).toMatchObject({
      actual: expect.stringMatching(/^not verified: CONFIG_ENV_MISSING/),
    });
    const refused = await cutover();
    expect([refused.code, refused.stderr]).toEqual([
      4,
      expect.stringMatching(/can-i-deploy: not verified: [^]*--no-broker --reason/),
    ]);
    expect((await cutover('--no-broker')).code).toBe(2);
    await shop.sql(
      `INSERT INTO strangler_control.evidence (context, kind, epoch, ok, detail)
       VALUES ('shop', 'pacts', 1, true, '{"monolith":true,"service":true,"atBroker":{"queries":[{"provider":"shop"}],"kept":[]}}')`,
    );
    expect((await shop.pactsGate(more))?.voidSince).toContain('cannot be asked');
    // Nothing but pacts and the broker is asked of it.
    more.STRANGLER_CONTEXTS = await shop.contextsWith({
      routes: [{ name: 'order', method: 'POST', path: '/orders', kind: 'write' }],
    });
    expect(await gateOf('cutover', more, { noBroker: true })).toMatchObject({
      ok: true,
      actual: 'not asked (--no-broker)',
    });
    const passed = await cutover('--no-broker', '--reason', 'the broker is being moved');
    expect([passed.code, passed.stderr]).toEqual([0, expect.any(String)]);
    expect(
      await shop.sql(
        `SELECT status, detail FROM strangler_control.journal WHERE step = 'gates-cutover' ORDER BY id DESC LIMIT 1`,
      ),
    ).toMatchObject([
      { status: 'forced', detail: { reason: 'the broker is being moved', broker: 'not asked' } },
    ]);
  });
});

describe('a ramp that raises the share within the canary', () => {
  const more: Record<string, string> = {};
  const run = (...args: string[]): Promise<CliResult> =>
    cli([...args, '--json'], shop.environment(more));
  const ramp = (...args: string[]): Promise<CliResult> =>
    run('ramp', 'shop', '--hold', '50ms', ...args);
  const share = async (): Promise<unknown> =>
    json<{ flags: { percent: number }[] }>(await run('route', 'shop')).flags[0]?.percent;
  const contexts = (gates: object): Promise<string> =>
    shop.contextsWith({
      monolith: { url: shop.urls.monolith, buildPath: '/version' },
      service: { url: shop.urls.service, buildPath: '/version' },
      gates: { rampMinRequests: 0, ...gates },
    });
  const failing = (result: CliResult): string[] => {
    type Failed = { gates: { gate: string; ok: boolean }[] };
    const { error, ...said } = json<Failed & { error?: { details: Failed } }>(result);
    return (error?.details ?? said).gates.filter(({ ok }) => !ok).map(({ gate }) => gate);
  };
  beforeEach(async () => {
    shop.has('web');
    more.STRANGLER_CONTEXTS = await contexts({});
    await shop.stage('canary', 'monolith');
    expect((await run('route', 'shop', '--all', '--percent', '0')).code).toBe(0);
    await shop.verify({}, { ...ci, ...more });
  });

  test('asks for pacts and the broker of the build that runs now, as can-i does; lowering it asks nothing', async () => {
    expect(await run('can-i', 'ramp', 'shop')).toMatchObject({ code: 0 });
    expect(await ramp()).toMatchObject({ code: 0 });
    shop.builds.service = 'svc-2';
    // Nobody more has the service by these.
    expect(await ramp()).toMatchObject({ code: 0 });
    expect(await ramp('--steps', '0')).toMatchObject({ code: 0 });
    for (const args of [[], ['--no-broker', '--reason', 'it is being moved']]) {
      const refused = await ramp(...args);
      expect(refused.code).toBe(4);
      expect(failing(refused)).toEqual(args.length > 0 ? ['pacts'] : ['pacts', 'can-i-deploy']);
    }
    const asked = await run('can-i', 'ramp', 'shop');
    expect(json(asked)).toMatchObject({ yes: false, broker: { deployable: null } });
    expect([asked.code, failing(asked)]).toEqual([4, ['pacts']]);
    expect((await ramp('--dry-run')).code).toBe(4);
    expect(await share()).toBe(0);

    more.PACT_BROKER_BASE_URL = `http://127.0.0.1:${await freePort()}`;
    shop.builds.service = 'svc-1';
    expect(failing(await ramp())).toEqual(['pacts', 'can-i-deploy']);
    expect((await ramp('--no-broker')).code).toBe(2);
    expect((await ramp('--no-broker', '--reason', 'it is being moved')).code).toBe(0);
    delete more.PACT_BROKER_BASE_URL;
    expect(await share()).toBe(100);
  });

  test('asks before each higher step, keeps the share that was judged good, and goes on by force', async () => {
    const running = startCli(
      ['ramp', 'shop', '--steps', '0,100', '--hold', '2s'],
      shop.environment(more),
    );
    await running.shows('0 % of reads');
    shop.builds.service = 'svc-2';
    const refused = await running.done;
    expect([refused.code, refused.stderr]).toEqual([
      4,
      expect.stringContaining('pacts: void since'),
    ]);
    expect(await share()).toBe(0);
    expect((await ramp('--force', '--reason', 'a test')).code).toBe(0);
    expect(await share()).toBe(100);
  });

  test('asks neither where the context asks for no pacts', async () => {
    more.STRANGLER_CONTEXTS = await contexts({ pacts: false });
    shop.builds.service = 'svc-2';
    expect((await ramp()).code).toBe(0);
  });
});

describe('contexts that share a provider', () => {
  test('are not recorded over each other: whoever asks or records is refused by name', async () => {
    shop.has('web');
    await shop.verify({ record: false });
    const contexts = await shop.contextsWith({});
    await copyFile(join(contexts, 'shop.json'), join(contexts, 'till.json'));
    const till = JSON.parse(await readFile(join(contexts, 'till.json'), 'utf8')) as object;
    await writeFile(
      join(contexts, 'till.json'),
      JSON.stringify({
        ...till,
        context: 'till',
        routes: [{ name: 'pay', method: 'GET', path: '/pay', kind: 'read' }],
      }),
    );
    const env = shop.environment({ STRANGLER_CONTEXTS: contexts });
    const args = ['--side', 'service', '--provider-version', 'svc-1'];
    const recorded = await cli(['contracts', 'record-deployment', 'till', ...args], env);
    expect([recorded.code, recorded.stderr]).toEqual([
      2,
      expect.stringMatching(
        /CONFIG_INVALID: contexts till, shop have the same contracts.provider "shop"/,
      ),
    ]);
    expect(shop.broker.deployed).toEqual([]);
    await shop.stage('canary', 'monolith');
    expect((await cli(['can-i', 'cutover', 'shop'], env)).stderr).toContain('CONFIG_INVALID');
  });
});

describe('a change of owner is recorded as a deployment', () => {
  const flip = (more: Record<string, string | undefined> = {}, signal?: AbortSignal) =>
    shop.withKit((kit) => rollback.execute(kit, { context: 'shop' }), more, signal);
  beforeEach(async () => {
    shop.has('web');
    await shop.verify({ record: false });
    await shop.stage('service', 'service');
  });
  const journaled = async () =>
    (
      await shop.sql(
        `SELECT status, detail FROM strangler_control.journal WHERE step = 'deployment' ORDER BY id DESC LIMIT 1`,
      )
    )[0];

  test('the version that serves now, in the environment', async () => {
    expect(await flip()).toMatchObject({
      stage: 'canary',
      owner: 'monolith',
      deployment: { recorded: true, version: 'mono-1', environment: 'production' },
    });
    expect(shop.broker.deployed).toEqual([
      { pacticipant: 'shop', version: 'mono-1', environment: 'production' },
    ]);
    expect(await journaled()).toMatchObject({ status: 'done', detail: { side: 'monolith' } });
    const on = await cli(
      ['cutover', 'shop', '--yes', '--force', '--reason', 'test', '--no-facade'],
      shop.environment(),
    );
    expect([on.code, on.stderr]).toEqual([0, expect.stringContaining('shop svc-1 in production')]);
    expect(shop.broker.deployed.at(-1)?.version).toBe('svc-1');
    // One stage back from the canary nothing was deployed.
    await shop.stage('canary', 'monolith');
    expect((await flip()).deployment).toBeUndefined();
    expect(shop.broker.deployed).toHaveLength(2);
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
      expect(shop.broker.deployed).toEqual([]);
      expect(await journaled()).toMatchObject({ status: 'failed', detail: deployment });
      const command = deployment?.recorded === false ? deployment.command : '';
      const later = await cli(
        command.replace('<name>', 'production').split(' ').slice(1),
        shop.environment(),
      );
      expect([later.code, later.stdout]).toEqual([
        0,
        'shop mono-1 (the monolith) is recorded as deployed in production\n',
      ]);
      expect(shop.broker.deployed).toHaveLength(1);
    },
  );

  test('what it was not told stands in status and doctor, also of those who know no broker, until it is told', async () => {
    const asked = (...args: string[]) =>
      cli([...args, 'shop', '--json'], shop.environment({ PACT_BROKER_BASE_URL: undefined }));
    const untold = async () => [
      json<{ untold: object | null }>(await asked('status')).untold,
      json<{ checks: { check: string }[] }>(await asked('doctor')).checks.filter(
        ({ check }) => check === 'pact broker',
      ),
    ];
    await flip({ PACT_BROKER_TOKEN: 'old' });
    const command = expect.stringMatching(
      /^strangler contracts record-deployment shop --side monolith --provider-version mono-1 --environment production$/,
    );
    expect(await untold()).toEqual([
      expect.objectContaining({
        side: 'monolith',
        why: expect.stringContaining('BROKER_AUTH'),
        command,
      }),
      [expect.objectContaining({ ok: false, remedy: command })],
    ]);
    const status = await cli(
      ['status', 'shop'],
      shop.environment({ PACT_BROKER_BASE_URL: undefined }),
    );
    expect(status.stdout).toMatch(
      /broker +NOT TOLD: [^\n]*\n +strangler contracts record-deployment shop/,
    );
    expect((await cli(['contracts', 'record-deployment', 'shop'], shop.environment())).code).toBe(
      0,
    );
    expect(await untold()).toEqual([null, []]);
  });

  test('a broker that is silent is left with Ctrl-C, after the flip', async () => {
    shop.broker.faults.set('index', 'silence');
    shop.broker.heard.length = 0;
    const stop = new AbortController();
    const flipped = flip({}, stop.signal);
    await until('the broker is asked', () => Promise.resolve(shop.broker.heard.length > 0));
    stop.abort();
    expect(await flipped).toMatchObject({
      stage: 'canary',
      deployment: { recorded: false, why: expect.stringMatching(/^CANCELLED/) },
    });
  });
});
