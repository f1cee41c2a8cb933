import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { migrate as migrateCatalog } from '@strangler-example/catalog';
import { migrate as migrateShop, seed } from '@strangler-example/legacy-monolith';
import { createTestDatabase } from '@strangler-toolkit/dev-stack';
import catalog from '../../../contexts/catalog.ts';
import { openControl } from '../../../migration/src/control/index.ts';
import { embeddedTransport, replicationNames } from '../../../migration/src/stream/index.ts';
import { runWorker } from '../../../migration/src/worker/index.ts';
import { startTwoSides, type TwoSides } from './two-sides.ts';

let sides: TwoSides;
let client: pg.Client;
beforeAll(async () => {
  sides = await startTwoSides(0.02);
  client = new pg.Client({ connectionString: sides.own.url });
  await client.connect();
});
beforeEach(async () => {
  await client.query('DELETE FROM outbox');
});
afterAll(async () => {
  await client?.end();
  await sides?.close();
});

interface Published {
  readonly aggregatetype: string;
  readonly aggregateid: string;
  readonly type: string;
  readonly payload: Record<string, unknown>;
  readonly traceparent: string;
}
const published = async (): Promise<Published[]> =>
  (await client.query<Published>('SELECT * FROM outbox ORDER BY created_at')).rows;
const token = { authorization: 'Bearer demo-token-1' };
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const ask = async (
  method: string,
  path: string,
  body?: object | FormData,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown> }> => {
  const sent =
    body instanceof FormData || body === undefined
      ? { body: body ?? null }
      : { body: JSON.stringify(body) };
  const response = await fetch(sides.service.url + path, {
    method,
    headers: {
      ...token,
      traceparent,
      ...(typeof sent.body === 'string' && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...sent,
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
};

test('every write of a client publishes what happened, in order and in the trace of its request', async () => {
  const category = (await ask('POST', '/api/categories', { slug: 'outbox-lamps', name: 'Lamps' }))
    .body.id as string;
  await ask('PATCH', `/api/categories/${category}`, { name: 'Lights' });
  const id = (
    await ask('POST', '/api/products', {
      sku: 'OUTBOX-1',
      name: 'Lamp',
      price: '19.90',
      tags: ['new'],
    })
  ).body.id as string;
  await ask('PATCH', `/api/products/${id}`, { name: 'Oak lamp' });
  await ask('POST', `/api/products/${id}/adjust-price`, { delta: '0.10' });
  await ask('PUT', `/api/products/${id}/categories/${category}`, { position: 3 });
  await ask('DELETE', `/api/products/${id}/categories/${category}`);
  const form = new FormData();
  form.set('image', new Blob([Buffer.from([1, 2, 3])], { type: 'image/png' }), 'lamp.png');
  const imageId = (await ask('POST', `/api/products/${id}/images`, form)).body.id as string;
  await ask('DELETE', `/api/products/${id}/images/${imageId}`);
  await ask('DELETE', `/api/products/${id}`);

  const rows = await published();
  const product = {
    id,
    sku: 'OUTBOX-1',
    title: 'Oak lamp',
    amount: '20.00',
    currencyCode: 'EUR',
    state: 'on_sale',
    labels: ['new'],
  };
  expect(rows.map(({ type, payload }) => ({ type, payload }))).toEqual([
    {
      type: 'category.created',
      payload: { id: category, slug: 'outbox-lamps', label: 'Lamps', parentId: null, sortOrder: 0 },
    },
    {
      type: 'category.changed',
      payload: {
        id: category,
        slug: 'outbox-lamps',
        label: 'Lights',
        parentId: null,
        sortOrder: 0,
      },
    },
    { type: 'product.created', payload: { ...product, title: 'Lamp', amount: '19.90' } },
    { type: 'product.changed', payload: { ...product, amount: '19.90' } },
    { type: 'product.changed', payload: product },
    { type: 'product.categorised', payload: { id, categoryId: category, sortOrder: 3 } },
    { type: 'product.uncategorised', payload: { id, categoryId: category } },
    {
      type: 'product.image-added',
      payload: {
        id,
        imageId,
        fileName: 'lamp.png',
        mediaType: 'image/png',
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    },
    { type: 'product.image-removed', payload: { id, imageId } },
    { type: 'product.removed', payload: product },
  ]);
  expect(
    new Set(rows.map(({ aggregatetype, aggregateid }) => `${aggregatetype} ${aggregateid}`)),
  ).toEqual(new Set([`category ${category}`, `product ${id}`]));
  for (const row of rows)
    expect(row.traceparent).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
});

test('a write that is refused, mirrored or changes nothing publishes nothing', async () => {
  const { body } = await ask('POST', '/api/products', {
    sku: 'OUTBOX-2',
    name: 'Lamp',
    price: '19.90',
  });
  await client.query('DELETE FROM outbox');
  const path = `/api/products/${body.id as string}`;
  const statuses = [
    await ask('POST', '/api/products', { sku: 'OUTBOX-2', name: 'Lamp', price: '19.90' }),
    await ask('POST', '/api/products', {
      sku: 'OUTBOX-3',
      name: 'Lamp',
      price: '19.90',
      categoryIds: ['4611686018427387904'],
    }),
    await ask('POST', `${path}/adjust-price`, { delta: '-50.00' }),
    await ask('DELETE', '/api/products/4611686018427387904'),
    await ask('DELETE', `${path}/images/4611686018427387904`),
    await ask('DELETE', `${path}/categories/4611686018427387904`),
    await ask('PUT', `${path}/categories/4611686018427387904`, { position: 1 }),
    await ask('PATCH', path, { name: 'Shadow' }, { 'x-strangler-shadow': '1' }),
  ].map(({ status }) => status);
  expect(statuses).toEqual([409, 422, 422, 404, 404, 404, 404, 501]);
  expect(await published()).toEqual([]);
});

test('what replication writes is published by nobody: it was the other side that did it', async () => {
  const [shop, own, controlDatabase] = [
    await createTestDatabase('shop'),
    await createTestDatabase('catalog'),
    await createTestDatabase('control'),
  ];
  await Promise.all([
    migrateShop(shop.url).then(() => seed(shop.url, { scale: 0.02 })),
    migrateCatalog(own.url),
  ]);
  const control = await openControl(controlDatabase.url);
  await control.contexts.register('catalog', 'replicated');
  await control.contexts.setStage({
    context: 'catalog',
    expectedStage: 'monolith',
    stage: 'replicating',
  });
  const over = new AbortController();
  const worker = runWorker({
    definition: catalog,
    controlUrl: controlDatabase.url,
    monolithUrl: shop.url,
    serviceUrl: own.url,
    transport: embeddedTransport,
    signal: over.signal,
  });
  const ended = worker.catch((error: unknown) => error);
  const [monolith, service] = [
    new pg.Client({ connectionString: shop.url }),
    new pg.Client({ connectionString: own.url }),
  ];
  await Promise.all([monolith.connect(), service.connect()]);
  try {
    // the first arrives with the copy or after it, the second with the stream
    for (const name of ['Renamed once', 'Renamed twice']) {
      await monolith.query(
        'UPDATE products SET name = $1 WHERE id = (SELECT min(id) FROM products)',
        [name],
      );
      const deadline = performance.now() + 60_000;
      while (
        (await service.query('SELECT FROM product_text WHERE title = $1', [name])).rowCount === 0
      ) {
        const state = await Promise.race([
          ended,
          new Promise((resolve) => setTimeout(resolve, 50, 'running')),
        ]);
        if (state !== 'running' || performance.now() > deadline)
          throw new Error(`the change did not arrive: ${String(state)}`);
      }
    }
    expect(
      (
        await service.query<{ products: string; events: string }>(
          'SELECT (SELECT count(*) FROM product) > 0 AS products, (SELECT count(*) FROM outbox) AS events',
        )
      ).rows,
    ).toEqual([{ products: true, events: '0' }]);
  } finally {
    over.abort();
    await ended;
    await service.query(
      'SELECT pg_replication_origin_drop(roname) FROM pg_replication_origin WHERE roname = $1',
      [replicationNames('catalog', 'forward', own.name).origin],
    );
    await Promise.all([monolith.end(), service.end(), control.close()]);
    await Promise.all([shop.drop(), own.drop(), controlDatabase.drop()]);
  }
});
