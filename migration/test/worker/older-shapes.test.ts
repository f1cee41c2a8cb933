import { expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import type { TableMapping } from '@strangler-toolkit/plan';
import { replayDeadLetter } from '../../src/apply/dead-letters.ts';
import { loadMapping } from '../../src/mapping/load.ts';
import { listDeadLetters } from '../../src/replica/dead-letters.ts';
import { readStreamRow } from '../../src/replica/streams.ts';
import { repair } from '../../src/verify/index.ts';
import { bothSides, caughtUp, openShop, type Shop, startWorker } from './shop.ts';

const open = (shop: Shop) => listDeadLetters(shop.service, { context: 'goods' });

test('changes that were parked before the mapping got a column stop neither the worker nor the others: their rows are sent as the owner has them', async () => {
  await using shop = await openShop();
  {
    await using _worker = startWorker(shop);
    await caughtUp(shop, 'forward');
    await shop.monolith.query(
      `INSERT INTO products SELECT n, 'dear', 'on', 500000, NULL, NULL, 0 FROM generate_series(901, 902) n`,
    );
    await caughtUp(shop, 'forward');
  }
  expect(await open(shop)).toHaveLength(2);
  await shop.monolith.query('ALTER TABLE products ADD COLUMN colour text');
  await shop.service.query('ALTER TABLE goods ADD COLUMN colour text');
  const [table] = shop.definition.tables!;
  const [part, ...rest] = table!.service;
  const columns = { ...part!.columns, colour: 'colour' };
  const tables: TableMapping[] = [{ ...table!, service: [{ ...part!, columns }, ...rest] }];
  const wider: Shop = {
    ...shop,
    definition: { ...shop.definition, tables },
    [Symbol.asyncDispose]: async () => undefined,
  };
  await using _worker = startWorker(wider);
  await caughtUp(wider, 'forward');
  // A row whose change waits is refused again when the table is read again, and changes of it still wait.
  await shop.monolith.query(`UPDATE products SET price = 5, colour = 'red' WHERE id IN (1, 901)`);
  await caughtUp(wider, 'forward');
  expect((await open(shop)).map(({ key }) => key)).toEqual(
    ['901', '902', '901'].map((id) => ({ id })),
  );
  const mapping = await loadMapping(wider.definition, shop.monolith, shop.service);
  const place = { mapping, context: 'goods', direction: 'forward' as const };
  const [, dear] = await open(shop);
  await expect(
    replayDeadLetter({ ...place, client: shop.service, id: dear!.id }),
  ).rejects.toMatchObject({
    code: 'APPLY_FAILED',
    message: expect.stringContaining('no longer carry colour'),
    remedy: expect.stringContaining('--repair'),
  });
  await shop.monolith.query('UPDATE products SET price = 6 WHERE id = 902');
  await repair({
    ...place,
    monolithUrl: shop.monolithUrl,
    serviceUrl: shop.serviceUrl,
    keys: ['901', '902'].map((id) => ({ table: 'public.products', key: [id] })),
    appliedPosition: async () =>
      (await readStreamRow(shop.service, 'goods', 'forward'))?.position ?? 0n,
  });
  expect(await open(shop)).toEqual([]);
  await caughtUp(wider, 'forward');
  const sides = await bothSides(wider);
  expect(sides.service).toBe(sides.monolith);
});

test('a row that changed without an event and that the service does not take stops the worker, which names it', async () => {
  await using shop = await openShop();
  await shop.service.query('ALTER TABLE goods ALTER COLUMN title TYPE varchar(20)');
  const first = startWorker(shop);
  await caughtUp(shop, 'forward');
  await shop.monolith.query(
    `ALTER TABLE products ALTER COLUMN name TYPE text USING CASE WHEN id = 7 THEN repeat(name, 9) ELSE upper(name) END`,
  );
  expect(await first.ended).toBe('SCHEMA_CHANGED');
  const watermark = await shop.control.watermarks.get('goods', 'forward');
  expect(watermark?.detail['message']).toContain('tables[0]: public.products is read again');
  // the key is for the terminal, not for all who read the control database
  expect(watermark?.detail['message']).toContain('does not take a row: value too long');
  expect(await first.told).toContain('does not take row 7: value too long');
  await shop.service.query('ALTER TABLE goods ALTER COLUMN title TYPE text');
  await using _worker = startWorker(shop);
  await until('both sides are equal', async () => {
    const { monolith, service } = await bothSides(shop);
    return monolith === service;
  });
  await caughtUp(shop, 'forward');
});
