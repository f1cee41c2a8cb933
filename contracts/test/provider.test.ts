import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { verifyPacts, type Progress } from '@strangler-toolkit/contracts';
import { freePort } from '@strangler-toolkit/dev-stack';
import { startCatalog } from '@strangler-example/catalog';
import { createLogger } from '@strangler-toolkit/service-kit';
import catalog from '../../contexts/catalog.ts';
import { askBuilds, otherBuild } from '../../migration/src/steps/builds.ts';
import { AlteringProxy } from './support/altering-proxy.ts';
import { pactsDir, side, startShopSides, type ShopSides } from './support/shop-sides.ts';

let sides: ShopSides;
/** A service that a careless team might have written: prices as numbers. */
let careless: AlteringProxy;

beforeAll(async () => {
  sides = await startShopSides();
  careless = await new AlteringProxy(sides.service).start();
  careless.alter = ({ text }) => ({ text: text.replaceAll(/"price":"([\d.]+)"/g, '"price":$1') });
});
afterAll(async () => {
  await careless?.stop();
  await sides?.stop();
});

interface Asked {
  readonly description: string;
  readonly request: { readonly method: string; readonly path: string };
  readonly response: { readonly status: number };
}

async function interactions(): Promise<Asked[]> {
  const files = ['back-office-catalog.json', 'storefront-catalog.json'];
  const texts = await Promise.all(files.map((name) => readFile(join(pactsDir, name), 'utf8')));
  return texts.flatMap((text) => (JSON.parse(text) as { interactions: Asked[] }).interactions);
}

test('each side of the example tells which build it is, so that what was verified of one is void with the next', async () => {
  const builds = (service: string) =>
    askBuilds({ env: {} }, catalog, { monolith: sides.monolith, service });
  const verified = await builds(sides.service);
  expect(verified).toEqual({
    monolith: '{"revision":"monolith-1"}',
    service: '{"revision":"catalog-1"}',
  });
  const next = await startCatalog({
    port: 0,
    databaseUrl: sides.database,
    monolithUrl: sides.monolith,
    build: '2',
    logger: createLogger('catalog', { level: 'silent' }),
  });
  try {
    expect(otherBuild(verified, verified)).toBeUndefined();
    expect(otherBuild(verified, await builds(next.url))).toBe(
      'the service runs another build ({"revision":"catalog-2"}, it was {"revision":"catalog-1"})',
    );
  } finally {
    await next.stop();
  }
});

describe('the pacts of storefront and back office', () => {
  /** What a client can meet at a route, and each way to be told so. */
  const meets = ({ method, path, kind, ...route }: (typeof catalog.routes)[number]) => ({
    success: [200, 201, 204],
    ...(path.includes(':') && { 'nothing there': [404] }),
    ...(kind === 'write' && { 'a stranger': [401] }),
    ...(kind === 'write' && method !== 'DELETE' && { 'a wrong request': [409, 415, 422] }),
    ...(kind === 'read' && path !== '/api/categories' && { 'a wrong request': [400] }),
    ...(route.compare?.headers?.includes('etag') && { 'a client that keeps it': [304] }),
  });

  test('ask every route of the catalog for all that a client can meet there', async () => {
    const asked = await interactions();
    const missing = catalog.routes.flatMap((route) => {
      const pattern = new RegExp(`^${route.path.replaceAll(/:\w+/g, '[^/]+')}$`);
      const answers = asked
        .filter(({ request }) => request.method === route.method && pattern.test(request.path))
        .map(({ response }) => response.status);
      return Object.entries(meets(route))
        .filter(([, statuses]) => !statuses.some((status) => answers.includes(status)))
        .map(([what]) => `${route.name}: ${what}`);
    });
    expect(missing).toEqual([]);
  });

  test('hold on the monolith and on the service', async () => {
    const progress: Progress[] = [];
    const result = await verifyPacts({
      pactsDir,
      provider: 'catalog',
      sides: { monolith: side(sides.monolith), service: side(sides.service) },
      onProgress: (step) => void progress.push(step),
    });
    expect(result.monolith.interactions.filter(({ ok }) => !ok)).toEqual([]);
    expect(result.service.interactions.filter(({ ok }) => !ok)).toEqual([]);
    expect(result).toMatchObject({ monolith: { ok: true }, service: { ok: true } });
    const wanted = (await interactions()).map(({ description }) => description);
    expect(result.service.interactions.map(({ description }) => description)).toEqual(wanted);
    expect(
      progress.filter((step) => step.side === 'service').map(({ done, total }) => [done, total]),
    ).toEqual(wanted.map((_, index) => [index + 1, wanted.length]));
  });

  test('hold on the pages that stay in the monolith, forms and redirects as they are', async () => {
    const { monolith } = await verifyPacts({
      pactsDir,
      provider: 'shop-pages',
      sides: { monolith: { url: sides.monolith } },
    });
    expect(monolith.interactions.filter(({ ok }) => !ok)).toEqual([]);
    expect(monolith.interactions).toHaveLength(3);
  });

  test('turn red for a service that answers prices as numbers, and only for it, saying what differs', async () => {
    const result = await verifyPacts({
      pactsDir,
      provider: 'catalog',
      sides: { monolith: side(sides.monolith), service: side(careless.url, sides.service) },
    });
    expect(result.monolith.ok).toBe(true);
    expect(result.service.ok).toBe(false);
    const red = result.service.interactions.filter(({ ok }) => !ok);
    expect(red.map(({ description }) => description)).toContain('a request for one product');
    expect(red.map(({ description }) => description)).not.toContain(
      'a request for a product that is not there',
    );
    expect(
      red.find(({ description }) => description === 'a request for one product')?.mismatch,
    ).toMatch(/price/);
  });

  test('turn red for a side that does not answer, every one of them', async () => {
    const dead = `http://127.0.0.1:${await freePort()}`;
    const { service } = await verifyPacts({
      pactsDir,
      provider: 'catalog',
      // its states could be entered: what is missing is the side itself
      sides: { service: side(dead, sides.service) },
    });
    expect(service.ok).toBe(false);
    expect(service.interactions).toHaveLength((await interactions()).length);
    for (const { ok, mismatch } of service.interactions) {
      expect(ok).toBe(false);
      expect(mismatch).toMatch(new RegExp(`^${dead} does not answer: .*ECONNREFUSED`));
    }
  });
});

test('no pacts for a provider is an error, never a success', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'no-pacts-'));
  const asked = { monolith: side(sides.monolith), service: side(sides.service) };
  try {
    for (const [where, provider] of [
      [folder, 'catalog'],
      [pactsDir, 'someone-else'],
      [join(folder, 'nowhere'), 'catalog'],
    ] as const)
      await expect(verifyPacts({ pactsDir: where, provider, sides: asked })).rejects.toMatchObject({
        code: 'PACTS_NOT_FOUND',
      });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
