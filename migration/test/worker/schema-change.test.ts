import { describe, expect, test } from '@jest/globals';
import type { TableMapping } from '@strangler-toolkit/plan';
import { listDeadLetters } from '../../src/replica/dead-letters.ts';
import {
  bothSides,
  caughtUp,
  flip,
  openShop,
  type Running,
  type Shop,
  startWorker,
} from './shop.ts';

/** Runs the statements while the worker streams; answers how the worker ended and what it says about it. */
async function ending(
  shop: Shop,
  worker: Running,
  direction: 'forward' | 'reverse',
  statements: string,
): Promise<string> {
  await (direction === 'forward' ? shop.monolith : shop.service).query(statements);
  expect(await worker.ended).toBe('SCHEMA_CHANGED');
  const watermark = await shop.control.watermarks.get('goods', direction);
  expect(watermark?.state).toBe('failed');
  expect(watermark?.detail['code']).toBe('SCHEMA_CHANGED');
  return String(watermark?.detail['message']);
}

const goods = async (shop: Shop, id: number): Promise<unknown> =>
  (
    await shop.service.query('SELECT title, labels, description FROM goods WHERE good_id = $1', [
      id,
    ])
  ).rows[0];

describe('a table that changes under the stream', () => {
  test.each([
    ['a dropped column', 'ALTER TABLE products DROP COLUMN tags', 'tags'],
    ['a renamed column', 'ALTER TABLE products RENAME COLUMN tags TO labels', 'tags'],
    [
      'a renamed table',
      'ALTER TABLE products RENAME TO wares; CREATE VIEW products AS SELECT * FROM wares',
      'products',
    ],
    [
      'a type that the target does not take',
      'ALTER TABLE products DROP CONSTRAINT products_price_check; ALTER TABLE products ALTER COLUMN price TYPE text',
      'price',
    ],
  ])(
    '%s stops the worker at the mapping line, after everything before it',
    async (_what, change, named) => {
      await using shop = await openShop();
      await using worker = startWorker(shop);
      await caughtUp(shop, 'forward');
      await shop.monolith.query(
        `UPDATE products SET name = 'before', tags = '{kept}' WHERE id = 1`,
      );
      const message = await ending(
        shop,
        worker,
        'forward',
        `${change}; UPDATE products SET name = 'after' WHERE id = 1`,
      );
      expect(message).toContain('contexts/goods: tables[0]');
      expect(message).toContain(named);
      expect(await goods(shop, 1)).toEqual({
        title: 'before',
        labels: '{kept}',
        description: null,
      });
      expect(await listDeadLetters(shop.service, { context: 'goods' })).toEqual([]);
    },
  );

  test('a column dropped between two updates of one transaction applies neither of them', async () => {
    await using shop = await openShop();
    await using worker = startWorker(shop);
    await caughtUp(shop, 'forward');
    const message = await ending(
      shop,
      worker,
      'forward',
      `UPDATE products SET name = 'half' WHERE id = 1; ALTER TABLE products DROP COLUMN description; UPDATE products SET name = 'whole' WHERE id = 2`,
    );
    expect(message).toContain('tables[0].service[0].columns.description');
    expect(await goods(shop, 1)).toMatchObject({ title: 'product 1' });
    expect(await goods(shop, 2)).toMatchObject({ title: 'product 2' });
  });

  test('changes of the other side of a rename, read after the mapping was mended, are refused and not taken for unchanged', async () => {
    await using shop = await openShop();
    const first = startWorker(shop);
    await caughtUp(shop, 'forward');
    await first.stop();
    await shop.monolith.query(`UPDATE products SET tags = '{unseen}' WHERE id = 1`);
    await shop.monolith.query('ALTER TABLE products RENAME COLUMN tags TO marks');
    const [table] = shop.definition.tables ?? [];
    const [part, ...rest] = table!.service;
    const { tags: _tags, ...columns } = part!.columns;
    const mended: Shop = {
      ...shop,
      definition: {
        ...shop.definition,
        tables: [
          { ...table!, service: [{ ...part!, columns: { ...columns, marks: 'labels' } }, ...rest] },
        ],
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
    expect(await startWorker(mended).ended).toBe('SCHEMA_CHANGED');
    const watermark = await shop.control.watermarks.get('goods', 'forward');
    expect(watermark?.detail['message']).toContain('columns.marks');
    expect(watermark?.detail['remedy']).toContain('--restart');
  });

  test('a table that is made anew is not published, so the worker does not begin', async () => {
    await using shop = await openShop();
    const first = startWorker(shop);
    await caughtUp(shop, 'forward');
    await first.stop();
    await shop.monolith.query(
      'ALTER TABLE products RENAME TO old; CREATE TABLE products (LIKE old INCLUDING ALL)',
    );
    expect(await startWorker(shop).ended).toBe('IDENTITY_CHANGED');
    expect((await shop.control.watermarks.get('goods', 'forward'))?.detail['message']).toContain(
      'table public.products of the monolith was exchanged for another one',
    );
  });

  test('a table that came to the mapping after the copy is not taken for replicated', async () => {
    await using shop = await openShop();
    const first = startWorker(shop);
    await caughtUp(shop, 'forward');
    await first.stop();
    await shop.monolith.query(
      'CREATE TABLE brands (id int PRIMARY KEY); INSERT INTO brands VALUES (1)',
    );
    await shop.service.query('CREATE TABLE makers (id int PRIMARY KEY)');
    const brands: TableMapping = {
      monolith: 'brands',
      service: [{ table: 'makers', columns: { id: 'id' } }],
    };
    const { tables = [] } = shop.definition;
    const more: Shop = {
      ...shop,
      definition: { ...shop.definition, tables: [...tables, brands] },
      [Symbol.asyncDispose]: async () => undefined,
    };
    expect(await startWorker(more).ended).toBe('SCHEMA_CHANGED');
    const watermark = await shop.control.watermarks.get('goods', 'forward');
    expect(watermark?.detail['message']).toContain('brands, so changes were not streamed');
  });

  test('columns that nobody maps come and go, types get wider, and the stream goes on, within a transaction too', async () => {
    await using shop = await openShop();
    await using worker = startWorker(shop);
    try {
      await caughtUp(shop, 'forward');
      await shop.monolith.query(
        `BEGIN; UPDATE products SET name = 'one' WHERE id = 1; ALTER TABLE products ADD COLUMN extra text DEFAULT 'x'; UPDATE products SET name = 'two', extra = 'y' WHERE id = 2; COMMIT`,
      );
      await shop.monolith.query(
        `ALTER TABLE products DROP COLUMN extra; ALTER TABLE products ALTER COLUMN name TYPE varchar(200); UPDATE products SET name = 'three' WHERE id = 3`,
      );
      await caughtUp(shop, 'forward');
      const sides = await bothSides(shop);
      expect(sides.service).toBe(sides.monolith);
      expect(await goods(shop, 3)).toMatchObject({ title: 'three' });
    } finally {
      await worker.stop();
    }
  });

  test.each([
    [
      'a dropped column',
      'ALTER TABLE goods DROP COLUMN labels',
      'tables[0].service[0].columns.tags',
    ],
    [
      'a renamed column of a further part',
      'ALTER TABLE good_prices RENAME COLUMN amount TO price',
      'tables[0].service[1].columns.price',
    ],
    [
      'a type that the monolith does not take',
      'ALTER TABLE good_prices DROP CONSTRAINT good_prices_amount_check; ALTER TABLE good_prices ALTER COLUMN good_id TYPE text',
      'tables[0].service[1].columns.id',
    ],
  ])('on the way back: %s stops the worker at the mapping line', async (_what, change, line) => {
    await using shop = await openShop();
    await using worker = startWorker(shop);
    await caughtUp(shop, 'forward');
    await flip(shop, 'service');
    await caughtUp(shop, 'reverse');
    await shop.service.query('ALTER TABLE good_prices DROP CONSTRAINT good_prices_good_id_fkey');
    await shop.service.query(`UPDATE goods SET title = 'before' WHERE good_id = 1`);
    const message = await ending(
      shop,
      worker,
      'reverse',
      `${change}; UPDATE goods SET title = 'after' WHERE good_id = 1; UPDATE good_prices SET currency = 'USD' WHERE good_id::int = 1`,
    );
    expect(message).toContain(line);
    expect((await shop.monolith.query('SELECT name FROM products WHERE id = 1')).rows).toEqual([
      { name: 'before' },
    ]);
  });
});

test.each([
  [
    'monolith',
    'ALTER TABLE products DROP CONSTRAINT products_price_check; ALTER TABLE products ALTER COLUMN price TYPE text',
  ],
  ['monolith', 'ALTER TABLE products ALTER COLUMN price TYPE double precision'],
  [
    'service',
    'ALTER TABLE good_prices DROP CONSTRAINT good_prices_amount_check; ALTER TABLE good_prices ALTER COLUMN amount TYPE text',
  ],
] as const)(
  'a type that the mapping cannot carry stops the worker though nobody writes: %s, %s',
  async (side, sql) => {
    await using shop = await openShop();
    await using worker = startWorker(shop);
    await caughtUp(shop, 'forward');
    await shop[side].query(sql);
    expect(await worker.ended).toBe('SCHEMA_CHANGED');
  },
);
