import { describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { lookEveryMs } from '../../src/worker/identity-watch.ts';
import {
  bothSides,
  caughtUp,
  definition,
  flip,
  openShop,
  type Running,
  type Shop,
  startWorker,
} from '../worker/shop.ts';

const streams = {
  forward: {
    side: 'monolith',
    table: 'products',
    name: 'name',
    published: 'products, strangler.probe',
    filtered: 'products WHERE (id < 100), strangler.probe',
    narrowed: 'products (id, name), strangler.probe',
  },
  reverse: {
    side: 'service',
    table: 'goods',
    name: 'title',
    published: 'goods, good_prices, strangler.probe',
    filtered: 'goods WHERE (good_id < 100), good_prices, strangler.probe',
    narrowed: 'goods (good_id, title), good_prices, strangler.probe',
  },
} as const;

describe.each(['forward', 'reverse'] as const)('a stream whose tables change (%s)', (direction) => {
  const { side, table, name, published, filtered, narrowed } = streams[direction];
  const publication = `strangler_goods_${direction}`;
  const open = async (): Promise<{ shop: Shop; worker: Running }> => {
    const shop = await openShop();
    const worker = startWorker(shop);
    await caughtUp(shop, 'forward');
    if (direction === 'reverse') {
      await flip(shop, 'service');
      await caughtUp(shop, 'reverse');
    }
    return { shop, worker };
  };
  const stopped = async (shop: Shop, worker: Running): Promise<string> => {
    expect(await worker.ended).toBe('IDENTITY_CHANGED');
    const watermark = await shop.control.watermarks.get('goods', direction);
    expect(watermark?.state).toBe('failed');
    return String(watermark?.detail['message']);
  };

  test('a table that is exchanged for another one stops the worker, which names it', async () => {
    const { shop, worker } = await open();
    await using _shop = shop;
    await using _worker = worker;
    await shop[side].query(`BEGIN; CREATE TABLE other (LIKE ${table} INCLUDING ALL);
      INSERT INTO other SELECT * FROM ${table}; ALTER TABLE ${table} RENAME TO former; ALTER TABLE other RENAME TO ${table}; COMMIT`);
    await shop[side].query(`UPDATE ${table} SET ${name} = 'unheard of'`);
    expect(await stopped(shop, worker)).toContain(
      `table public.${table} of the ${side} was exchanged for another one`,
    );
    // it stays stopped, however often it is started
    expect(await startWorker(shop).ended).toBe('IDENTITY_CHANGED');
  });

  test('a table that is dropped and restored, as pg_restore --clean does, stops it as well', async () => {
    const { shop, worker } = await open();
    await using _shop = shop;
    await using _worker = worker;
    await shop[side].query(`CREATE TABLE dump AS TABLE ${table}; DROP TABLE ${table} CASCADE;
      ALTER TABLE dump RENAME TO ${table}; ALTER TABLE ${table} ADD PRIMARY KEY (${direction === 'forward' ? 'id' : 'good_id'})`);
    expect(await stopped(shop, worker)).toContain('was exchanged for another one');
  });

  test('what a session in replica role writes is an event as any other', async () => {
    const { shop, worker } = await open();
    await using _shop = shop;
    await using _worker = worker;
    await shop[side].query(
      `BEGIN; SET LOCAL session_replication_role = replica; UPDATE ${table} SET ${name} = 'restored'; COMMIT`,
    );
    await caughtUp(shop, direction);
    const sides = await bothSides(shop);
    expect(sides.monolith).toContain('restored');
    expect(sides.service).toBe(sides.monolith);
  });

  test('a column that is rewritten is read again, and the watermark waits for it', async () => {
    const { shop, worker } = await open();
    await using _shop = shop;
    await using _worker = worker;
    // Whoever writes what is read again waits here.
    const other = shop[side === 'monolith' ? 'service' : 'monolith'];
    await other.query(
      `BEGIN; LOCK TABLE ${side === 'monolith' ? 'goods' : 'products'} IN SHARE MODE`,
    );
    await shop[side].query(
      `ALTER TABLE ${table} ALTER COLUMN ${name} TYPE varchar(200) USING upper(${name})`,
    );
    const held = () =>
      until('the watermark is held', async () => {
        const watermark = await shop.control.watermarks.get('goods', direction);
        return watermark?.detail['held'] === undefined ? undefined : watermark;
      });
    const { appliedAt, sourceLsn } = await held();
    await until('it is measured once more', async () => (await held()).sourceLsn !== sourceLsn);
    expect((await held()).appliedAt).toBe(appliedAt);
    await other.query('COMMIT');
    await until('the rewritten rows are read again', async () => {
      const sides = await bothSides(shop);
      return sides.monolith === sides.service && sides.monolith.includes('PRODUCT 7');
    });
    await caughtUp(shop, direction);
  });

  test.each([
    ['dropped', `DROP PUBLICATION ${publication}`, 'does not exist'],
    [
      'dropped and made anew',
      `DROP PUBLICATION ${publication}; CREATE PUBLICATION ${publication} FOR TABLE ${published} WITH (publish_via_partition_root = true)`,
      'made anew',
    ],
    [
      'given a row filter',
      `ALTER PUBLICATION ${publication} SET TABLE ${filtered}`,
      'row filter on public.',
    ],
    [
      'given a column list',
      `ALTER PUBLICATION ${publication} SET TABLE ${narrowed}`,
      'column list on public.',
    ],
    [
      'told to leave updates out',
      `ALTER PUBLICATION ${publication} SET (publish = 'insert, delete')`,
      'publishes insert, delete',
    ],
  ])(
    'a publication that is %s stops the worker, on an idle stream too',
    async (_what, change, told) => {
      const { shop, worker } = await open();
      await using _shop = shop;
      await using _worker = worker;
      await shop[side].query(change);
      expect(await stopped(shop, worker)).toContain(told);
    },
  );
});

test('a column that both databases and the mapping got meanwhile is brought to every row', async () => {
  await using shop = await openShop();
  {
    await using worker = startWorker(shop);
    await caughtUp(shop, 'forward');
    await shop.service.query('ALTER TABLE goods ADD COLUMN colour text');
    await shop.monolith.query(
      `ALTER TABLE products ADD COLUMN colour text; UPDATE products SET colour = 'red'; INSERT INTO products SELECT n, 'more', 'on', 1, NULL, NULL, 0, 'blue' FROM generate_series(501, 5500) n`,
    );
    // its mapping does not know of the column yet
    await caughtUp(shop, 'forward');
    await worker.stop();
  }
  const [table] = definition.tables ?? [];
  const [part, ...rest] = table!.service;
  const wider: Shop = {
    ...shop,
    definition: {
      ...definition,
      tables: [
        {
          ...table!,
          service: [{ ...part!, columns: { ...part!.columns, colour: 'colour' } }, ...rest],
        },
      ],
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  await using _worker = startWorker(wider);
  await caughtUp(wider, 'forward');
  const { rows } = await shop.service.query(
    'SELECT colour, count(*) AS n FROM goods GROUP BY colour ORDER BY colour',
  );
  expect(rows).toEqual([
    { colour: 'blue', n: '5000' },
    { colour: 'red', n: '500' },
  ]);
});

describe('a partitioned table', () => {
  const open = async (): Promise<Shop> => {
    const shop = await openShop();
    await shop.monolith.query(`DROP TABLE products;
      CREATE TABLE products (id bigint PRIMARY KEY, name text NOT NULL, status text NOT NULL DEFAULT 'on', price numeric(12,2) NOT NULL, tags text[], description text, row_version int NOT NULL)
        PARTITION BY RANGE (id);
      CREATE TABLE products_1 PARTITION OF products FOR VALUES FROM (0) TO (1000);
      CREATE TABLE products_2 PARTITION OF products FOR VALUES FROM (1000) TO (2000);
      INSERT INTO products SELECT n, 'product', 'on', 1, NULL, NULL, 0 FROM generate_series(900, 1100) n;
      CREATE TABLE products_3 (LIKE products INCLUDING ALL);
      INSERT INTO products_3 SELECT n, 'attached', 'on', 1, NULL, NULL, 0 FROM generate_series(2001, 2050) n`);
    return shop;
  };
  test.each([
    [
      'detached and dropped',
      'ALTER TABLE products DETACH PARTITION products_2; DROP TABLE products_2',
    ],
    ['dropped', 'DROP TABLE products_1'],
    [
      'attached with its rows',
      'ALTER TABLE products ATTACH PARTITION products_3 FOR VALUES FROM (2000) TO (3000)',
    ],
    ['truncated on its own', 'TRUNCATE products_1'],
    [
      'changed while it was detached',
      'BEGIN; ALTER TABLE products DETACH PARTITION products_1; UPDATE products_1 SET name = upper(name); ALTER TABLE products ATTACH PARTITION products_1 FOR VALUES FROM (0) TO (1000); COMMIT',
    ],
  ])('a partition that is %s: the other side becomes equal again', async (_what, change) => {
    await using shop = await open();
    await using _worker = startWorker(shop);
    await caughtUp(shop, 'forward');
    const before = (await bothSides(shop)).monolith;
    await shop.monolith.query(change);
    expect((await bothSides(shop)).monolith).not.toBe(before);
    await until('both sides are equal', async () => {
      const { monolith, service } = await bothSides(shop);
      return monolith === service;
    });
    await caughtUp(shop, 'forward');
  });
});

test('what changes no row disturbs nobody: VACUUM FULL, CLUSTER, REINDEX, defaults, indexes', async () => {
  await using shop = await openShop();
  await using worker = startWorker(shop);
  await caughtUp(shop, 'forward');
  for (const statements of [
    ['VACUUM FULL products', 'CLUSTER products USING products_pkey', 'REINDEX TABLE products'],
    [
      `ALTER TABLE products ALTER COLUMN name SET DEFAULT 'none'`,
      'CREATE INDEX ON products (name)',
      'ANALYZE products',
    ],
  ]) {
    for (const statement of statements) await shop.monolith.query(statement);
    const began = performance.now();
    await until('it looked again', async () => performance.now() > began + 2 * lookEveryMs);
    await caughtUp(shop, 'forward');
  }
  expect(worker.progress.filter(({ held }) => held !== undefined)).toEqual([]);
});

test.each(['forward', 'reverse'] as const)(
  'somebody says that an exchange and a lost publication were meant: both sides become equal, changes come (%s)',
  async (direction) => {
    const { side, table, name } = streams[direction];
    await using shop = await openShop();
    {
      await using worker = startWorker(shop);
      await caughtUp(shop, 'forward');
      if (direction === 'reverse') {
        await flip(shop, 'service');
        await caughtUp(shop, 'reverse');
        await shop.service.query(
          'ALTER TABLE good_prices DROP CONSTRAINT good_prices_good_id_fkey',
        );
      }
      await shop[side].query(`BEGIN; CREATE TABLE other (LIKE ${table} INCLUDING ALL);
        INSERT INTO other SELECT * FROM ${table} WHERE ${name} NOT LIKE '%7';
        ALTER TABLE ${table} RENAME TO former; ALTER TABLE other RENAME TO ${table}; COMMIT;
        DROP PUBLICATION strangler_goods_${direction}; UPDATE ${table} SET ${name} = upper(${name})`);
      expect(await worker.ended).toBe('IDENTITY_CHANGED');
    }
    await using _worker = startWorker({ ...shop, reread: true });
    await caughtUp(shop, direction);
    await shop[side].query(`UPDATE ${table} SET ${name} = 'heard of' WHERE ${name} LIKE '%3'`);
    await caughtUp(shop, direction);
    const sides = await bothSides(shop);
    expect(sides.service).toBe(sides.monolith);
    expect(sides.monolith).toContain('heard of');
    expect(sides.monolith).not.toMatch(/PRODUCT \d*7"/);
  },
);
