import { expect, test } from '@jest/globals';
import { createTestDatabase, sharedKafka } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { withConnection } from '../../src/database/connect.ts';
import { chooseTransport } from '../../src/stream/choose-transport.ts';
import { caughtUp, definition, openShop, startWorker } from '../worker/shop.ts';
import { rows } from './by-condition.ts';
import { openCommands } from './commands.ts';

const nowhere = 'http://127.0.0.1:1';
const pages: MigrationDefinition = {
  ...definition,
  data: 'projection',
  reads: ['stock'],
  tables: [
    {
      monolith: 'products',
      service: [{ table: 'pages', columns: { id: 'id', name: 'title', price: 'price' } }],
    },
  ],
};
const stock: MigrationDefinition = {
  context: 'stock',
  data: 'reference',
  monolith: { url: nowhere, database: { env: 'WAREHOUSE_DATABASE_URL' } },
  service: { url: nowhere, database: { env: 'SERVICE_DATABASE_URL' } },
  routes: [],
  tables: [
    { monolith: 'stock', service: [{ table: 'stock', columns: { id: 'id', amount: 'amount' } }] },
  ],
};

describeWithKafka('a projection over Kafka', () => {
  test('is built of two sources, follows them, is built again from zero, never owns, and leaves nothing behind', async () => {
    const { brokers, connectUrl } = await sharedKafka();
    const env = {
      STRANGLER_TRANSPORT: 'kafka',
      KAFKA_BROKERS: brokers,
      CONNECT_URL: connectUrl,
    };
    const warehouse = await createTestDatabase('warehouse');
    await using shop = {
      ...(await openShop({}, chooseTransport(pages, env))),
      definition: pages,
    };
    await using strangler = await openCommands(shop, {
      others: [stock],
      env: { ...env, WAREHOUSE_DATABASE_URL: warehouse.url },
    });
    const inWarehouse = (text: string): Promise<unknown> =>
      withConnection(warehouse.url, { applicationName: 'test' }, (client) => client.query(text));
    await inWarehouse(
      'CREATE TABLE stock (id bigint PRIMARY KEY, amount int, shelf text); INSERT INTO stock SELECT n, n FROM generate_series(1, 100) n',
    );
    await shop.service.query(`
      CREATE TABLE pages (id bigint PRIMARY KEY, title text, price numeric(12,2));
      CREATE TABLE stock (id bigint PRIMARY KEY, amount int)`);
    const refused = async (...words: string[]): Promise<string> =>
      strangler.run(...words).then(
        () => 'done',
        (error: unknown) => /[A-Z]{3,}_[A-Z_]+/.exec(String(error))?.[0] ?? String(error),
      );
    const expectWhole = async (left: number): Promise<void> => {
      const shown = await rows(shop.service, 'SELECT id, title, price FROM pages');
      expect(shown).toEqual(await rows(shop.monolith, 'SELECT id, name, price FROM products'));
      expect(shown).toHaveLength(left);
    };

    // from its first stage on, as a command does it
    await shop.control.contexts.setStage({
      context: 'goods',
      expectedStage: 'replicating',
      stage: 'monolith',
    });
    for (const context of ['stock', 'goods'])
      await strangler.run('replicate', context, '--until-caught-up');
    await expectWhole(500);
    {
      await using _worker = startWorker(shop);
      await shop.monolith.query(`
        UPDATE products SET name = 'anew', price = price + 1 WHERE id <= 50; DELETE FROM products WHERE id > 450;
        UPDATE products SET id = id + 1000 WHERE id BETWEEN 100 AND 110`);
      await caughtUp(shop, 'forward');
      await expectWhole(450);
      expect(await refused('replicate', 'goods', '--rebuild', '--yes')).toBe(
        'WORKER_ALREADY_RUNNING',
      );
      expect(await refused('cutover', 'goods', '--yes')).toBe('MOVE_NOT_ALLOWED');
      await expect(shop.service.query('DELETE FROM pages')).rejects.toMatchObject({
        code: 'SF001',
      });
    }

    // built again: what waits in the topics meanwhile is of the stream before
    await shop.service.query(`ALTER TABLE pages DISABLE TRIGGER ALL;
      DELETE FROM pages WHERE id % 2 = 0; INSERT INTO pages VALUES (-1, 'nobody', 0);
      ALTER TABLE pages ENABLE TRIGGER ALL`);
    await shop.monolith.query(
      `UPDATE products SET name = 'meanwhile' WHERE id % 3 = 0; DELETE FROM products WHERE id % 5 = 0; TRUNCATE products;
       INSERT INTO products SELECT n, 'of another kind', 'on', 1, NULL, NULL, 0 FROM generate_series(1, 300) n`,
    );
    await inWarehouse('UPDATE stock SET amount = amount + 1; DELETE FROM stock WHERE id = 1');
    await strangler.run('replicate', 'goods', '--rebuild', '--until-caught-up', '--yes');
    await expectWhole(300);
    expect(await rows(shop.service, 'SELECT count(*), sum(amount) FROM stock')).toEqual([
      `(99,${(100 * 101) / 2 - 1 + 99})`,
    ]);
    for (const [context, compared] of [
      ['goods', 300],
      ['stock', 99],
    ] as const)
      expect(await strangler.run('verify', context)).toMatchObject({
        differences: 0,
        rowsCompared: compared,
      });
    {
      await using _worker = startWorker(shop);
      await shop.monolith.query(
        `UPDATE products SET name = 'after it'; DELETE FROM products WHERE id = 300`,
      );
      await caughtUp(shop, 'forward');
      await expectWhole(299);
    }

    // given up
    for (const context of ['goods', 'stock'])
      await strangler.run('rollback', context, '--yes', '--force', '--reason', 'test');
    const connectors = await (await fetch(`${connectUrl}/connectors?expand=info`)).text();
    for (const { pathname } of [new URL(warehouse.url), new URL(shop.monolithUrl)])
      expect(connectors).not.toContain(pathname.slice(1));
    const { rows: slots } = await shop.monolith.query(
      'SELECT slot_name FROM pg_replication_slots WHERE database = ANY($1)',
      [
        [new URL(warehouse.url), new URL(shop.monolithUrl)].map(({ pathname }) =>
          pathname.slice(1),
        ),
      ],
    );
    expect(slots).toEqual([]);
    await warehouse.drop();
  });
});
