import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type SideAddress, type SideResult, verifyPacts } from '@strangler-toolkit/contracts';
import type { RunningService } from '@strangler-toolkit/service-kit';
import { type Alteration, AlteringProxy, type Answer } from './support/altering-proxy.ts';
import { startBackOffice } from './support/extracted-back-office.ts';
import { pactsDir, side, startShopSides, type ShopSides } from './support/shop-sides.ts';

// What a rewrite changes without meaning to. Each is planted in the real service that it is about, and the contracts must name it.
let sides: ShopSides;
let catalog: AlteringProxy;
let backOffice: RunningService;
let pages: AlteringProxy;

beforeAll(async () => {
  sides = await startShopSides();
  catalog = await new AlteringProxy(sides.service).start();
  // Cookies and redirects are those of the staff's pages: a service of their own has them, on the shop's database.
  backOffice = await startBackOffice(sides.shopDatabase);
  pages = await new AlteringProxy(backOffice.url).start();
});
afterAll(async () => {
  await catalog?.stop();
  await pages?.stop();
  await backOffice?.stop();
  await sides?.stop();
});

/** The interactions that no longer hold at the service, with what the verifier said of them. */
async function broken(
  provider: 'catalog' | 'shop-pages',
  alter: Alteration,
): Promise<Map<string, string>> {
  const [proxy, states] =
    provider === 'catalog' ? [catalog, sides.service] : [pages, sides.monolith];
  proxy.alter = alter;
  const asked: Record<string, SideAddress> = {
    service: side(proxy.url, states),
    // Few pages, so that both sides can be asked each time: nothing was planted there.
    ...(provider === 'shop-pages' && { monolith: side(sides.monolith) }),
  };
  const results: Record<string, SideResult> = await verifyPacts({
    pactsDir,
    provider,
    sides: asked,
  });
  expect(results.monolith?.ok ?? true).toBe(true);
  return new Map(
    (results.service?.interactions ?? [])
      .filter(({ ok }) => !ok)
      .map(({ consumer, description, verdict, mismatch }) => [
        `${consumer}: ${description}`,
        `${verdict}: ${mismatch}`,
      ]),
  );
}

const replaced =
  (from: RegExp, to: string): Alteration =>
  ({ text }) => ({ text: text.replaceAll(from, to) });
const path = (url: string | undefined): string => (url ?? '').split('?')[0] ?? '';
const inHeader = (name: string, change: (value: string) => string): Alteration =>
  function changed({ headers }: Answer) {
    const value = headers[name];
    if (value === undefined) return {};
    return {
      headers: {
        ...headers,
        [name]: Array.isArray(value) ? value.map(change) : change(value),
      },
    };
  };
const onPath =
  (wanted: string, alter: Alteration): Alteration =>
  (answer, request) =>
    path(request.url) === wanted ? alter(answer, request) : {};

const listOf = (text: string): { items: unknown[] } => JSON.parse(text) as { items: unknown[] };

/** What was changed, the contract that must notice, and the words in which it tells. */
const planted: readonly (readonly [
  what: string,
  provider: 'catalog' | 'shop-pages',
  alter: Alteration,
  caughtBy: string,
  tells: RegExp,
])[] = [
  [
    'a renamed field',
    'catalog',
    replaced(/"releasedOn":/g, '"released_on":'),
    'storefront: a request for one product',
    /releasedOn/,
  ],
  [
    'a number that became a string',
    'catalog',
    replaced(/"total":(\d+)/g, '"total":"$1"'),
    'storefront: a request for the first products',
    /\$\.total/,
  ],
  [
    '200 instead of 404',
    'catalog',
    ({ status }) => (status === 404 ? { status: 200 } : {}),
    'storefront: a request for a product that is not there',
    /expected 404 but was 200/i,
  ],
  [
    'a missing header',
    'catalog',
    ({ headers: { 'cache-control': _gone, ...headers } }) => ({ headers }),
    'storefront: a request for an image',
    /Cache-Control/i,
  ],
  [
    'another default order',
    'catalog',
    onPath('/api/products', ({ text, status }) =>
      status === 200
        ? { text: JSON.stringify({ ...listOf(text), items: listOf(text).items.toReversed() }) }
        : {},
    ),
    'storefront: a request for the newest products, which come first',
    /Third lamp/,
  ],
  [
    'a field left out where it is null',
    'catalog',
    replaced(/,"[a-zA-Z_]+":null/g, ''),
    'storefront: a request for a product without anything optional',
    /description/,
  ],
  [
    'another body of errors',
    'catalog',
    ({ status, text }) => (status >= 400 ? { text: text.replace(/^\{"error":/, '{"title":') } : {}),
    'storefront: a request for more products than a page may have',
    /error/,
  ],
  [
    'times in another form',
    'catalog',
    replaced(/\.\d{3}Z"/g, '+00:00"'),
    'storefront: a request for the prices that a product had',
    /changedAt/,
  ],
  [
    'another charset',
    'catalog',
    inHeader('content-type', (value) => value.replace('utf-8', 'iso-8859-1')),
    'storefront: a request for one category',
    /charset/i,
  ],
  [
    'another page size',
    'catalog',
    onPath('/api/products', ({ text, status }) => {
      if (status !== 200 || !text.includes('"per_page":20')) return {};
      const list = { ...listOf(text), items: listOf(text).items.slice(0, 10), per_page: 10 };
      return { text: JSON.stringify(list) };
    }),
    'storefront: a request for products without a page size',
    /per_page|10/,
  ],
  [
    'a cookie that lost an attribute',
    'shop-pages',
    inHeader('set-cookie', (value) => value.replace('; HttpOnly', '')),
    'back-office: a login of the staff',
    /Set-Cookie/i,
  ],
  [
    'another target of a redirect',
    'shop-pages',
    inHeader('location', (value) => value.replace('/admin/login', '/login')),
    'back-office: a page for staff who are not logged in',
    /Location/i,
  ],
];

describe('a behaviour that changed is caught by a contract that names it', () => {
  test('nothing is caught where nothing was changed', async () => {
    expect(await broken('catalog', () => ({}))).toEqual(new Map());
    expect(await broken('shop-pages', () => ({}))).toEqual(new Map());
  });

  test.each(planted)('%s', async (_what, provider, alter, caughtBy, tells) => {
    const found = await broken(provider, alter);
    expect([...found.keys()]).toContain(caughtBy);
    expect(found.get(caughtBy)).toMatch(/^broken: /);
    expect(found.get(caughtBy)).toMatch(tells);
  });

  test('also where only the writer’s answer changed: the address of what was made', async () => {
    const found = await broken(
      'catalog',
      inHeader('location', (value) => `http://catalog.internal${value}`),
    );
    expect([...found.keys()].sort()).toEqual([
      'back-office: a new category',
      'back-office: a new product',
      'back-office: a picture for a product',
    ]);
  });
});
