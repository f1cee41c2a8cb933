import { migrate as migrateCatalog, startCatalog } from '@strangler-example/catalog';
import { migrate as migrateShop, seed, startServer } from '@strangler-example/legacy-monolith';
import { createTestDatabase } from '@strangler-toolkit/dev-stack';
import { createLogger } from '@strangler-toolkit/service-kit';
import { copyCatalog } from './equal-data.ts';

export interface Question {
  readonly method?: string;
  readonly path: string;
  readonly token?: string | null;
  readonly headers?: Record<string, string>;
  readonly body?: string | FormData | object;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | null>;
  readonly body: unknown;
}

const compared = [
  'content-type',
  'location',
  'cache-control',
  'content-disposition',
  'content-length',
  'etag',
  'allow',
  'x-powered-by',
  'retry-after',
];

/** Monolith and service, each with a database of its own and the same rows. */
/** `shopUrls`: where the monolith's pages ask for what they show. */
export async function startTwoSides(scale = 1, shopUrls?: readonly string[]) {
  const shop = await createTestDatabase('shop');
  const own = await createTestDatabase('catalog');
  await Promise.all([
    migrateShop(shop.url).then(() => seed(shop.url, { scale })),
    migrateCatalog(own.url),
  ]);
  await copyCatalog(shop.url, own.url);
  const monolith = await startServer({
    databaseUrl: shop.url,
    testStates: true,
    pages: { shopUrls },
  });
  const service = await startCatalog({
    port: 0,
    databaseUrl: own.url,
    monolithUrl: monolith.url,
    testStates: true,
    logger: createLogger('catalog', { level: 'silent' }),
  });
  const started = new Date().toISOString();

  const ask = async (url: string, question: Question): Promise<Answer> => {
    const headers: Record<string, string> = { ...question.headers };
    if (question.token) headers.authorization = `Bearer ${question.token}`;
    let body: string | FormData | null = null;
    if (question.body instanceof FormData || typeof question.body === 'string')
      body = question.body;
    else if (question.body !== undefined) {
      body = JSON.stringify(question.body);
      headers['content-type'] ??= 'application/json';
    }
    const response = await fetch(url + question.path, {
      method: question.method ?? 'GET',
      headers,
      body,
      redirect: 'manual',
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const json = response.headers.get('content-type')?.includes('json') && bytes.length > 0;
    const fresh = { found: false };
    const text = bytes
      .toString(json ? 'utf8' : 'base64')
      .replaceAll(/"(\d{4}-\d\d-\d\dT[\d:.]+Z)"/g, (all: string, at: string) => {
        if (at < started) return all;
        fresh.found = true;
        return '"<just now>"';
      });
    // Moments of writes differ between the sides, and with them the hash of the body.
    const names =
      fresh.found || (question.method !== undefined && question.method !== 'HEAD')
        ? compared.filter((name) => name !== 'etag')
        : compared;
    return {
      status: response.status,
      headers: Object.fromEntries(names.map((name) => [name, response.headers.get(name)])),
      body: json ? text : bytes.toString('base64'),
    };
  };

  return {
    monolith,
    service,
    shop,
    own,
    /** Both answers; bodies as text, so that the order of fields counts. */
    both: async (question: Question): Promise<[theirs: Answer, ours: Answer]> => [
      await ask(monolith.url, question),
      await ask(service.url, question),
    ],
    close: async () => {
      await service.stop();
      await monolith.close();
      await Promise.all([shop.drop(), own.drop()]);
    },
  };
}

export type TwoSides = Awaited<ReturnType<typeof startTwoSides>>;
