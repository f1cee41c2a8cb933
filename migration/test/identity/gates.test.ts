import { createServer, type Server } from 'node:http';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  evaluateGates,
  type GateName,
  type GateResult,
  gateSettings,
  type Move,
} from '@strangler-toolkit/plan';
import { gatherFacts } from '../../src/steps/gate-facts.ts';
import { pactConfiguration, pactContent } from '../../src/steps/pact-content.ts';
import { presentShadowBasis } from '../../src/steps/shadow-basis.ts';
import { replicate } from '../../src/steps/replicate.ts';
import { Toolkit } from '../../src/steps/toolkit.ts';
import { verify } from '../../src/steps/verify.ts';
import { openScene, rates, type Scene, shop } from '../support/scene.ts';

let scene: Scene;
let kit: Toolkit;
let service: Server;
let build = 'build 1';
let timesAsked = 0;
beforeAll(async () => {
  service = createServer((request, response) => {
    timesAsked += 1;
    response.writeHead(request.url === '/version' ? 200 : 404).end(build);
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const address = service.address();
  scene = await openScene('identity_gates', {
    RATES_URL: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
  });
  await replicate.execute(newKit(), { context: 'catalog', untilCaughtUp: true });
});
afterAll(async () => {
  await new Promise((resolve) => service.close(resolve));
  await scene?.close();
});
/** Context files are read once by each. */
const newKit = (): Toolkit => new Toolkit({ env: scene.env, signal: new AbortController().signal });
const context = (content: object): Promise<void> => {
  const { context: name } = content as { context: string };
  return writeFile(join(scene.dir, `${name}.json`), JSON.stringify(content));
};
beforeEach(() => {
  kit = newKit();
});
afterEach(() => kit.close());

async function gate(name: string, move: Move, wanted: GateName): Promise<GateResult | undefined> {
  await kit.close();
  kit = newKit();
  const definition = await kit.definition(name);
  const facts = await gatherFacts(kit, definition, move);
  const stage = move === 'canary' ? ('shadowing' as const) : ('replicating' as const);
  return evaluateGates(move, { ...facts, stage }, gateSettings(definition)).find(
    (result) => result.gate === wanted,
  );
}

describe('a verification', () => {
  const verification = () => gate('catalog', 'shadow', 'verification');
  const again = async (): Promise<void> => {
    await verify.execute(kit, { context: 'catalog' });
    expect(await verification()).toMatchObject({ ok: true });
  };

  test('is about tables as they are: what nobody maps may come, a rewrite makes it void, by name', async () => {
    await again();
    await scene.sql(scene.monolith, 'ALTER TABLE products ADD COLUMN nobody int');
    expect(await verification()).toMatchObject({ ok: true });
    await scene.sql(
      scene.monolith,
      'ALTER TABLE products ALTER COLUMN name TYPE varchar(100) USING upper(name)',
    );
    expect(await verification()).toMatchObject({
      ok: false,
      actual: expect.stringContaining(
        'void since: column name of table public.products of the monolith was rewritten',
      ),
      command: 'strangler verify catalog',
    });
  });

  test.each([
    ['VACUUM FULL items', 'service', 'table public.items of the service was stored anew'],
    [
      'DROP PUBLICATION strangler_catalog_forward; CREATE PUBLICATION strangler_catalog_forward FOR TABLE products, strangler.probe WITH (publish_via_partition_root = true)',
      'monolith',
      'publication strangler_catalog_forward of the monolith was dropped and made anew',
    ],
    [
      'ALTER TABLE products REPLICA IDENTITY FULL',
      'monolith',
      'table public.products of the monolith has another replica identity',
    ],
  ] as const)('is void after %s', async (statements, side, told) => {
    await scene.sql(
      scene.monolith,
      `ALTER TABLE products ALTER COLUMN name TYPE text USING 'product ' || id`,
    );
    await again();
    for (const statement of statements.split('; ')) await scene.sql(scene[side], statement);
    expect(await verification()).toMatchObject({
      ok: false,
      actual: expect.stringContaining(told),
    });
  });

  test('is void when the mapping takes something else', async () => {
    await again();
    await context({
      ...shop,
      tables: [
        {
          monolith: 'products',
          service: [
            {
              table: 'items',
              columns: { id: 'id', name: { to: 'title', values: { a: 'b' } } },
            },
          ],
        },
      ],
    });
    expect(await verification()).toMatchObject({
      ok: false,
      actual: expect.stringContaining(
        'void since: the mapping of public.products takes name to public.items otherwise',
      ),
    });
    await context(shop);
    expect(await verification()).toMatchObject({ ok: true });
  });

  test.each([
    [{ products: 0 }, 'not verified: it compared no row of products, which has some'],
    [{}, 'not verified: it left out products'],
  ])('that compared %j is none', async (tables, told) => {
    await again();
    const control = await kit.control();
    const known = await control.evidence.latest('catalog', 'verification');
    await control.evidence.record({
      context: 'catalog',
      kind: 'verification',
      epoch: 1,
      ok: true,
      detail: { ...known?.detail, tables, rowsCompared: 0 },
    });
    expect(await verification()).toMatchObject({ ok: false, actual: told });
  });
});

describe('pacts and compared reads', () => {
  const pactsDir = (): string => join(scene.dir, 'pacts');
  const withPacts = () => ({
    ...rates,
    gates: { ...rates.gates, pacts: true },
    service: { ...rates.service, buildPath: '/version' },
    contracts: { pacts: pactsDir(), provider: 'rates' },
  });
  const pact = (status: number): Promise<void> =>
    writeFile(
      join(pactsDir(), 'web-rates.json'),
      JSON.stringify({
        consumer: { name: 'web' },
        provider: { name: 'rates' },
        interactions: [{ description: 'a quote', response: { status } }],
      }),
    );
  const verified = async (notVerified: string[] = [], name = 'rates'): Promise<void> => {
    const control = await kit.control();
    await control.evidence.record({
      context: name,
      kind: 'pacts',
      epoch: 1,
      ok: true,
      detail: {
        monolith: true,
        service: true,
        content: await pactContent(withPacts().contracts),
        configuration: pactConfiguration(await kit.definition(name)),
        builds: { service: build },
        sides: { service: { notVerified } },
      },
    });
  };
  beforeAll(async () => {
    await mkdir(pactsDir());
    await context(withPacts());
  });
  beforeEach(async () => {
    build = 'build 1';
    await pact(200);
    const control = await kit.control();
    await control.contexts.register('rates', 'none');
  });
  const pacts = () => gate('rates', 'canary', 'pacts');
  const reads = () => gate('rates', 'canary', 'shadow-reads');

  test('pacts that were written anew have to be verified anew', async () => {
    await verified();
    expect(await pacts()).toMatchObject({ ok: true });
    await pact(201);
    expect(await pacts()).toMatchObject({
      ok: false,
      actual: expect.stringContaining('are not those it was about'),
    });
  });

  test('pacts that another build held say nothing of this one', async () => {
    await verified();
    build = 'build 2';
    expect(await pacts()).toMatchObject({
      ok: false,
      actual: 'void since: the service runs another build (build 2, it was build 1)',
    });
  });

  test('a cutover of replicated data asks for them again, of what runs then', async () => {
    const shopAt = (variable: string, asksForPacts = true): Promise<void> =>
      context({
        ...shop,
        gates: { ...shop.gates, pacts: asksForPacts },
        service: { ...shop.service, url: { env: variable }, buildPath: '/version' },
        contracts: withPacts().contracts,
      });
    await shopAt('RATES_URL');
    try {
      const asked = () => gate('catalog', 'cutover', 'pacts');
      expect(await asked()).toMatchObject({ ok: false, actual: 'never verified' });
      await verified([], 'catalog');
      expect(await asked()).toMatchObject({ ok: true });
      build = 'build 2';
      expect(await asked()).toMatchObject({
        ok: false,
        actual: 'void since: the service runs another build (build 2, it was build 1)',
      });
      // Not known here: the gate says so, and whoever only looks is not stopped.
      await shopAt('NOBODY_SET_IT');
      expect(await asked()).toMatchObject({
        ok: false,
        actual: expect.stringContaining('NOBODY_SET_IT is not set'),
      });
      await shopAt('RATES_URL', false);
      timesAsked = 0;
      expect(await asked()).toMatchObject({ ok: true });
      expect(timesAsked).toBe(0);
    } finally {
      await context(shop);
    }
  });

  test('pacts say nothing of a route that was claimed since', async () => {
    await verified();
    const more = { name: 'more', method: 'GET', path: '/more', kind: 'read' } as const;
    await context({ ...withPacts(), routes: [...withPacts().routes, more] });
    try {
      expect(await pacts()).toMatchObject({
        ok: false,
        actual: 'void since: the routes of the context, or how its contracts are verified, changed',
      });
    } finally {
      await context(withPacts());
    }
    expect(await pacts()).toMatchObject({ ok: true });
  });

  test('an interaction that a tool lets pass is told by name', async () => {
    await verified(['a quote: marked pending: 500']);
    expect(await pacts()).toMatchObject({
      ok: false,
      actual: 'not verified: service: a quote: marked pending: 500',
    });
  });

  test('compared reads are void with another build or another way to compare; counted anew they count', async () => {
    const note = async (): Promise<void> => {
      const definition = await kit.definition('rates');
      const control = await kit.control();
      await control.evidence.record({
        context: 'rates',
        kind: 'shadow',
        epoch: 1,
        ok: true,
        detail: { basis: await presentShadowBasis(kit, definition, await kit.row(definition)) },
      });
    };
    await scene.sql(
      scene.control,
      `INSERT INTO strangler_control.shadow_counts VALUES ('rates', 'quote', 'match', 1, 10)`,
    );
    expect(await reads()).toMatchObject({
      ok: false,
      actual: expect.stringContaining('void since: it does not say what it was about'),
      command: 'strangler shadow rates --reset --sample 100 --wait 5',
    });
    await note();
    expect(await reads()).toMatchObject({ ok: true });
    build = 'build 3';
    expect(await reads()).toMatchObject({
      ok: false,
      actual: expect.stringContaining('the service runs another build'),
    });
    await note();
    expect(await reads()).toMatchObject({ ok: true });
    const [read, ...others] = rates.routes;
    await context({
      ...withPacts(),
      routes: [{ ...read, compare: { ignore: [{ path: '/at', reason: 'a time' }] } }, ...others],
    });
    expect(await reads()).toMatchObject({
      ok: false,
      actual: 'void since: read routes, or how their answers are compared, changed',
    });
    await context(withPacts());
  });

  test('reads of another epoch are not counted', async () => {
    await scene.sql(
      scene.control,
      `UPDATE strangler_control.shadow_counts SET epoch = 7 WHERE context = 'rates'`,
    );
    expect(await reads()).toMatchObject({ ok: false, actual: 'quote 0' });
    expect(await gate('rates', 'canary', 'mismatches')).toMatchObject({
      ok: false,
      actual: 'not verified: nothing was compared of quote',
    });
  });
});
