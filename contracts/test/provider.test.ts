import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { migrate as migrateCatalog, startCatalog } from '@strangler-example/catalog';
import {
  migrate as migrateShop,
  seed,
  startServer,
  type ShopServer,
} from '@strangler-example/legacy-monolith';
import { verifyPacts, type Progress } from '@strangler-toolkit/contracts';
import { createTestDatabase, freePort, type TestDatabase } from '@strangler-toolkit/dev-stack';
import { createLogger, type RunningService } from '@strangler-toolkit/service-kit';

const pactsDir = fileURLToPath(new URL('../pacts/', import.meta.url));
let databases: TestDatabase[] = [];
let monolith: ShopServer;
let service: RunningService;
let broken: Server;
let brokenUrl: string;

beforeAll(async () => {
  const [shop, own] = [
    await createTestDatabase('pact_shop'),
    await createTestDatabase('pact_catalog'),
  ];
  databases = [shop, own];
  await migrateShop(shop.url);
  await seed(shop.url, { scale: 0.02 });
  await migrateCatalog(own.url);
  monolith = await startServer({ databaseUrl: shop.url, testStates: true });
  service = await startCatalog({
    port: 0,
    databaseUrl: own.url,
    monolithUrl: monolith.url,
    testStates: true,
    logger: createLogger('catalog', { level: 'silent' }),
  });
  // A service that a careless team might have written: prices as numbers.
  const careless = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers: Record<string, string> = {};
    for (const name of ['authorization', 'content-type'])
      if (typeof request.headers[name] === 'string') headers[name] = request.headers[name];
    const answer = await fetch(service.url + (request.url ?? ''), {
      method: request.method ?? 'GET',
      headers,
      body: chunks.length > 0 ? Buffer.concat(chunks) : null,
    });
    const text = (await answer.text()).replaceAll(/"price":"([\d.]+)"/g, '"price":$1');
    response
      .writeHead(answer.status, {
        'content-type': answer.headers.get('content-type') ?? 'text/plain',
      })
      .end(text);
  };
  broken = createServer((request, response) => void careless(request, response));
  await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
  brokenUrl = `http://127.0.0.1:${(broken.address() as { port: number }).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => (broken ? broken.close(resolve) : resolve(undefined)));
  await service?.stop();
  await monolith?.close();
  await Promise.all(databases.map((database) => database.drop()));
});

const side = (url: string, stateBase = url) => ({
  url,
  states: { url: `${stateBase}/_test/states` },
});

describe('the storefront’s pacts', () => {
  test('hold on the monolith and on the service', async () => {
    const progress: Progress[] = [];
    const result = await verifyPacts({
      pactsDir,
      provider: 'catalog',
      sides: { monolith: side(monolith.url), service: side(service.url) },
      onProgress: (step) => void progress.push(step),
    });
    expect(result.monolith.interactions.filter(({ ok }) => !ok)).toEqual([]);
    expect(result.service.interactions.filter(({ ok }) => !ok)).toEqual([]);
    expect(result).toMatchObject({ monolith: { ok: true }, service: { ok: true } });
    expect(result.service.interactions.map(({ description }) => description).sort()).toEqual([
      'a change of a price',
      'a request for a product that is not there',
      'a request for one product',
      'a request for the first products',
    ]);
    expect(
      progress
        .filter((step) => step.side === 'service')
        .map(({ done, total }) => `${done}/${total}`),
    ).toEqual(['1/4', '2/4', '3/4', '4/4']);
  });

  test('turn red for a service that answers prices as numbers, and only for it, saying what differs', async () => {
    const result = await verifyPacts({
      pactsDir,
      provider: 'catalog',
      sides: { monolith: side(monolith.url), service: side(brokenUrl, service.url) },
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
    const result = await verifyPacts({
      pactsDir,
      provider: 'catalog',
      sides: {
        monolith: side(monolith.url),
        // its states could be entered: what is missing is the side itself
        service: side(dead, service.url),
      },
    });
    expect(result.monolith.ok).toBe(true);
    expect(result.service.ok).toBe(false);
    expect(result.service.interactions).toHaveLength(4);
    for (const { ok, mismatch } of result.service.interactions) {
      expect(ok).toBe(false);
      expect(mismatch).toMatch(new RegExp(`^${dead} does not answer: .*ECONNREFUSED`));
    }
  });
});

test('no pacts for a provider is an error, never a success', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'no-pacts-'));
  const sides = { monolith: side(monolith.url), service: side(service.url) };
  try {
    await expect(
      verifyPacts({ pactsDir: folder, provider: 'catalog', sides }),
    ).rejects.toMatchObject({ code: 'PACTS_NOT_FOUND' });
    await expect(verifyPacts({ pactsDir, provider: 'someone-else', sides })).rejects.toMatchObject({
      code: 'PACTS_NOT_FOUND',
    });
    await expect(
      verifyPacts({ pactsDir: join(folder, 'nowhere'), provider: 'catalog', sides }),
    ).rejects.toMatchObject({ code: 'PACTS_NOT_FOUND' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
