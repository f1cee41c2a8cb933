import { describe, expect, test } from '@jest/globals';
import type { TableMapping } from '@strangler-toolkit/plan';
import { until } from '@strangler-toolkit/dev-stack';
import { withConnection } from '../../src/database/connect.ts';
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

const brands: TableMapping = {
  monolith: 'brands',
  service: [{ table: 'makers', columns: { id: 'id' } }],
};
const withBrands = (shop: Shop): Shop => ({
  ...shop,
  definition: { ...shop.definition, tables: [...(shop.definition.tables ?? []), brands] },
  [Symbol.asyncDispose]: async () => undefined,
});
const makers = async (shop: Shop): Promise<unknown> =>
  (await shop.service.query(`SELECT string_agg(id::text, ',' ORDER BY id) AS ids FROM makers`))
    .rows[0]?.ids;
/** The transactions that wrote the rows of the table that was there before. */
const writtenBy = async (shop: Shop): Promise<unknown> =>
  (
    await shop.service.query(
      'SELECT md5(string_agg(xmin::text, $1 ORDER BY good_id)) AS by FROM goods',
      [','],
    )
  ).rows[0]?.by;

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

  test('a table that came to the mapping after the copy is not taken for replicated; --reread brings it beside the stream, and copies no other', async () => {
    await using shop = await openShop();
    const first = startWorker(shop);
    await caughtUp(shop, 'forward');
    await first.stop();
    await shop.monolith.query(
      'CREATE TABLE brands (id int PRIMARY KEY); INSERT INTO brands SELECT generate_series(1, 50)',
    );
    await shop.service.query(
      'CREATE TABLE makers (id int PRIMARY KEY); INSERT INTO makers VALUES (77)',
    );
    const more = withBrands(shop);
    expect(await startWorker(more).ended).toBe('SCHEMA_CHANGED');
    const watermark = await shop.control.watermarks.get('goods', 'forward');
    expect(watermark?.detail['message']).toContain('brands, so changes were not streamed');
    expect(watermark?.detail['remedy']).toContain('--reread');

    // Where an older release wrote nothing down nobody knows which tables came: --reread does not bring them either.
    await shop.service.query(
      'CREATE TABLE known AS TABLE strangler.identities; DELETE FROM strangler.identities',
    );
    expect(await startWorker({ ...more, reread: true }).ended).toBe('SCHEMA_CHANGED');
    await shop.service.query(
      'INSERT INTO strangler.identities SELECT * FROM known ON CONFLICT (context, direction) DO NOTHING; DROP TABLE known',
    );

    // What the service has there is nobody's to remove.
    expect(await startWorker({ ...more, reread: true }).ended).toBe('TARGET_NOT_EMPTY');
    expect(await makers(shop)).toBe('77');

    await shop.service.query('DELETE FROM makers');
    const written = await writtenBy(shop);
    await using worker = startWorker({ ...more, reread: true });
    await caughtUp(shop, 'forward');
    await shop.monolith.query('DELETE FROM brands WHERE id > 3; INSERT INTO brands VALUES (1000)');
    await caughtUp(shop, 'forward');
    expect(await makers(shop)).toBe('1,2,3,1000');
    expect(await writtenBy(shop)).toBe(written);
    await worker.stop();

    // Without the line its changes pass by; with it again they are found, though it is published all the while.
    {
      await using _narrow = startWorker(shop);
      await caughtUp(shop, 'forward');
      await shop.monolith.query('INSERT INTO brands VALUES (2000)');
      await caughtUp(shop, 'forward');
    }
    // Who had the table meanwhile may have written to it: a person says that it goes.
    await shop.service.query('INSERT INTO makers VALUES (3000)');
    expect(await startWorker(more).ended).toBe('TARGET_NOT_EMPTY');
    expect(await makers(shop)).toBe('1,2,3,1000,3000');
    await using _again = startWorker({ ...more, reread: true });
    await caughtUp(shop, 'forward');
    expect(await makers(shop)).toBe('1,2,3,1000,2000');
  });

  test('what a transaction wrote before its table was published comes, though it commits later and the worker is another one then', async () => {
    await using shop = await openShop();
    {
      await using _first = startWorker(shop);
      await caughtUp(shop, 'forward');
    }
    await shop.monolith.query('CREATE TABLE brands (id int PRIMARY KEY)');
    await shop.service.query('CREATE TABLE makers (id int PRIMARY KEY)');
    const more = withBrands(shop);
    const waits = async (worker: Running): Promise<void> => {
      const now = await shop.control.now();
      await until('the open transaction is told of, or passed over', async () => {
        const told = worker.progress.some(({ held }) => held?.includes('transaction of pid'));
        const watermark = await shop.control.watermarks.get('goods', 'forward');
        return told || (watermark?.appliedAt ?? '') > now;
      });
    };
    await withConnection(shop.monolithUrl, { applicationName: 'open writer' }, async (writer) => {
      await writer.query('BEGIN; INSERT INTO brands VALUES (7)');
      const reading = startWorker({ ...more, reread: true });
      await waits(reading);
      await shop.monolith.query('INSERT INTO brands VALUES (8)');
      await until('a change of the table', async () => (await makers(shop)) !== null);
      await reading.stop();
      await using worker = startWorker(more);
      await waits(worker);
      await writer.query('COMMIT');
      await caughtUp(shop, 'forward');
      expect(await makers(shop)).toBe('7,8');
      expect(worker.progress.find(({ held }) => held?.includes('pid'))?.held).toMatch(
        /table public.brands was not mapped; waits for the end of transaction of pid \d+ \(open writer, /,
      );
    });
  });

  test('a mapped table that is dropped stops at its line; without the line the stream goes on, and no other table is read again', async () => {
    await using shop = await openShop();
    await shop.monolith.query('CREATE TABLE brands (id int PRIMARY KEY)');
    await shop.service.query('CREATE TABLE makers (id int PRIMARY KEY)');
    const first = startWorker(withBrands(shop));
    await caughtUp(shop, 'forward');
    await shop.monolith.query('DROP TABLE brands');
    expect(await first.ended).toBe('SCHEMA_CHANGED');
    const watermark = await shop.control.watermarks.get('goods', 'forward');
    expect(watermark?.detail['message']).toContain('tables[1]');
    await using worker = startWorker(shop);
    await caughtUp(shop, 'forward');
    expect(worker.progress.filter(({ held }) => held !== undefined)).toEqual([]);
  });

  test('on the way back a table that the mapping got meanwhile is not read again: the monolith would lose its rows', async () => {
    await using shop = await openShop();
    {
      await using _worker = startWorker(shop);
      await caughtUp(shop, 'forward');
      await flip(shop, 'service');
      await caughtUp(shop, 'reverse');
    }
    await shop.monolith.query(
      'CREATE TABLE brands (id int PRIMARY KEY); INSERT INTO brands VALUES (1)',
    );
    await shop.service.query('CREATE TABLE makers (id int PRIMARY KEY)');
    expect(await startWorker({ ...withBrands(shop), reread: true }).ended).toBe('SCHEMA_CHANGED');
    expect((await shop.monolith.query('SELECT id FROM brands')).rows).toEqual([{ id: '1' }]);
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
