import { expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { caughtUp, openShop, type Shop, startWorker } from '../worker/shop.ts';

interface Names {
  readonly table?: string;
  readonly labels?: string;
}

/** The shop's context file with other names; the databases stay open when a worker of it ends. */
function mended(shop: Shop, { table = 'products', labels = 'tags' }: Names): Shop {
  const [mapping] = shop.definition.tables ?? [];
  const [part, ...rest] = mapping!.service;
  const { tags, ...columns } = part!.columns;
  return {
    ...shop,
    definition: {
      ...shop.definition,
      tables: [
        {
          ...mapping!,
          monolith: table,
          service: [{ ...part!, columns: { ...columns, [labels]: tags! } }, ...rest],
        },
      ],
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

const labelled = async (shop: Shop, expected: string): Promise<void> => {
  await until(
    `the service has ${expected}`,
    async () =>
      (await shop.service.query('SELECT FROM goods WHERE labels = $1', [expected])).rowCount === 1,
  );
};

test('a mapped column is renamed in the order that schema plan prints, and nothing stops', async () => {
  await using shop = await openShop();
  await using first = startWorker(shop);
  await caughtUp(shop, 'forward');
  // expand
  await shop.monolith.query(`
    ALTER TABLE products ADD COLUMN marks text[];
    CREATE FUNCTION keep_both() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.marks := NEW.tags; RETURN NEW; END';
    CREATE TRIGGER keep_both BEFORE INSERT OR UPDATE OF tags ON products FOR EACH ROW EXECUTE FUNCTION keep_both();
    UPDATE products SET tags = tags;
    UPDATE products SET tags = '{expanded}' WHERE id = 1`);
  await labelled(shop, '{expanded}');
  await first.stop();
  expect(await first.ended).toBeNull();
  await shop.monolith.query(`UPDATE products SET tags = '{between}' WHERE id = 2`);
  // mapping
  await using second = startWorker(mended(shop, { labels: 'marks' }));
  await labelled(shop, '{between}');
  // contract
  await shop.monolith.query(
    `DROP TRIGGER keep_both ON products; ALTER TABLE products DROP COLUMN tags;
     UPDATE products SET marks = '{contracted}' WHERE id = 3`,
  );
  await labelled(shop, '{contracted}');
  await caughtUp(shop, 'forward');
  const rows = (table: string, column: string): string =>
    `SELECT json_agg(json_build_array(${column}) ORDER BY 1)::text AS all FROM (SELECT ${column} FROM ${table} ORDER BY 1) r`;
  const [monolith, service] = [
    (await shop.monolith.query(rows('products', 'marks'))).rows,
    (await shop.service.query(rows('goods', 'labels'))).rows,
  ];
  expect(service).toEqual(monolith);
  await second.stop();
  expect(await second.ended).toBeNull();
});

test('a table that is renamed stops its context, which goes on with the new name after a comparison', async () => {
  await using shop = await openShop();
  await using first = startWorker(shop);
  await caughtUp(shop, 'forward');
  await shop.monolith.query(
    `ALTER TABLE products RENAME TO wares; UPDATE wares SET tags = '{renamed}' WHERE id = 1`,
  );
  expect(await first.ended).toMatch(/SCHEMA_CHANGED|IDENTITY_CHANGED/);
  await using second = startWorker({ ...mended(shop, { table: 'wares' }), reread: true });
  await labelled(shop, '{renamed}');
  await shop.monolith.query(`DELETE FROM wares WHERE id = 2`);
  await until(
    'the row is gone',
    async () => (await shop.service.query('SELECT FROM goods WHERE good_id = 2')).rowCount === 0,
  );
  await second.stop();
  expect(await second.ended).toBeNull();
});
