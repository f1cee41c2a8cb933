import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { runProgram } from '@strangler-toolkit/dev-stack';
import { AlteringProxy } from './support/altering-proxy.ts';
import { startShopSides, type ShopSides } from './support/shop-sides.ts';

// What a consumer talks to is a facade: the same pacts, wherever its flags send a route.
const repository = fileURLToPath(new URL('../../', import.meta.url));
let sides: ShopSides;
let careless: AlteringProxy;

beforeAll(async () => {
  sides = await startShopSides();
  careless = await new AlteringProxy(sides.service).start();
  careless.alter = ({ status }) => (status === 404 ? { status: 410 } : {});
});
afterAll(async () => {
  await careless?.stop();
  await sides?.stop();
});

const verify = (service: string, ...args: string[]) =>
  runProgram({
    name: 'strangler contracts verify',
    file: `${repository}migration/bin/strangler.js`,
    args: ['contracts', 'verify', 'catalog', '--no-record', ...args],
    cwd: repository,
    env: {
      MONOLITH_PACT_URL: sides.monolith,
      MONOLITH_PACT_STATE_URL: `${sides.monolith}/_test/states`,
      CATALOG_PACT_URL: service,
      CATALOG_PACT_STATE_URL: `${sides.service}/_test/states`,
      MONOLITH_PACT_DATABASE_URL: sides.shopDatabase,
      CATALOG_PACT_DATABASE_URL: sides.database,
    },
  });

const five = ['monolith', 'service', 'facade-monolith', 'facade-service', 'facade-mixed'];

test('the pacts hold on both sides and on a facade in each routing position; each side publishes what is listened to', async () => {
  const { code, stdout, stderr } = await verify(sides.service, '--facade', '--json');
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const { sides: results } = JSON.parse(stdout) as {
    sides: Record<string, { ok: boolean; interactions: { description: string }[] }>;
  };
  expect(Object.keys(results)).toEqual(five);
  expect(Object.values(results).map(({ ok }) => ok)).toEqual(five.map(() => true));
  const asked = five.map(
    (name) => results[name]?.interactions.map((each) => each.description) ?? [],
  );
  const [ofMonolith = [], ofService = [], byHttp = []] = asked;
  const further = (all: string[]): string[] => all.filter((each) => !byHttp.includes(each));
  expect(byHttp.length).toBeGreaterThan(40);
  expect(asked.slice(2)).toEqual([byHttp, byHttp, byHttp]);
  expect([further(ofMonolith), further(ofService)]).toEqual([
    [
      'public.price_history c',
      'public.product_categories c',
      'public.product_images c',
      'public.products c',
      'public.products u',
    ],
    ['product.categorised', 'product.changed', 'product.created', 'product.removed'],
  ]);
});

test('a service that answers otherwise is seen through each facade that asks it, and the same words stand once', async () => {
  const { code, stderr } = await verify(careless.url, '--facade');
  expect(code).toBe(5);
  const row = (description: string): string[] =>
    stderr
      .split('\n')
      .filter((line) => line.startsWith(`${description}  `))
      .flatMap((line) => line.slice(description.length).trim().split(/\s+/));
  expect(row('a request for a product that is not there')).toEqual([
    'kept',
    'BROKEN',
    'kept',
    'BROKEN',
    'BROKEN',
  ]);
  // A write: the mixed facade leaves it with the monolith.
  expect(row('the removal of a product that is not there')).toEqual([
    'kept',
    'BROKEN',
    'kept',
    'BROKEN',
    'kept',
  ]);
  expect(stderr).toMatch(
    /\n {2}monolith, facade-monolith: kept\n {2}service, facade-service, facade-mixed: /,
  );
});

test('one position alone', async () => {
  const { code, stdout } = await verify(careless.url, '--side', 'facade-monolith', '--json');
  expect(code).toBe(0);
  expect(Object.keys((JSON.parse(stdout) as { sides: object }).sides)).toEqual(['facade-monolith']);
});
