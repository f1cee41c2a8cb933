import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import pg from 'pg';
import { runPriceJob } from '../src/catalog/price-job.ts';
import { migrate, seed } from '../src/index.ts';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase('schema');
  await migrate(database.url);
  await seed(database.url, { scale: 0.2 });
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const MODULE: Readonly<Record<string, readonly string[]>> = {
  identity: ['users', 'api_tokens', 'sessions', 'addresses', 'audit_log'],
  catalog: ['categories', 'products', 'product_categories', 'product_images', 'price_history'],
  inventory: ['warehouses', 'stock_levels', 'stock_movements'],
  orders: ['carts', 'cart_items', 'orders', 'order_items', 'order_events'],
  payments: ['payment_methods', 'payments', 'refunds'],
  shipping: ['carriers', 'shipments'],
  notifications: ['notifications', 'notification_preferences'],
};
const moduleOf = (table: string) =>
  Object.keys(MODULE).find((name) => MODULE[name]?.includes(table));

test('migrations run once, also when two deployments start them together', async () => {
  expect(await Promise.all([migrate(database.url), migrate(database.url)])).toEqual([[], []]);
  const fresh = await createTestDatabase('migrate');
  const applied = await Promise.all([migrate(fresh.url), migrate(fresh.url)]);
  await fresh.drop();
  expect(applied.map((names) => names.length).toSorted((one, other) => one - other)).toEqual([
    0, 9,
  ]);
});

test('a migration that was edited after it ran is refused by name', async () => {
  await client.query(
    `UPDATE schema_migrations SET checksum = 'x' || checksum WHERE name LIKE '0002%'`,
  );
  await expect(migrate(database.url)).rejects.toThrow('0002-catalog.sql was edited');
  await client.query(
    `UPDATE schema_migrations SET checksum = substr(checksum, 2) WHERE name LIKE '0002%'`,
  );
});

test('two seeds of one scale are the same to the last byte, and a second seed of a database is refused', async () => {
  const other = await createTestDatabase('seed');
  await migrate(other.url);
  const counts = await seed(other.url, { scale: 0.2 });
  const otherClient = new pg.Client({ connectionString: other.url });
  await otherClient.connect();
  const digest = async (connection: pg.Client, table: string) =>
    (
      await connection.query(
        `SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS digest FROM "${table}" t`,
      )
    ).rows[0].digest;
  for (const table of Object.keys(counts))
    expect([table, await digest(client, table)]).toEqual([table, await digest(otherClient, table)]);
  await expect(seed(other.url)).rejects.toThrow('already has users');
  await otherClient.end();
  await other.drop();
  await expect(seed(database.url, { scale: 0 })).rejects.toThrow('scale is 0');
});

test('every table belongs to a module, and foreign keys cross the modules', async () => {
  const { rows } = await client.query(
    `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_migrations'`,
  );
  expect(rows.map((row) => String(row.tablename)).toSorted()).toEqual(
    Object.values(MODULE).flat().toSorted(),
  );
  const { rows: keys } = await client.query(
    `SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent FROM pg_constraint WHERE contype = 'f'`,
  );
  const crossing = keys.filter(({ child, parent }) => moduleOf(child) !== moduleOf(parent));
  expect(crossing.length).toBeGreaterThanOrEqual(12);
  expect(crossing.filter(({ parent }) => parent === 'products').length).toBeGreaterThanOrEqual(4);
});

test('the catalog carries the column types that hurt, with values that hurt', async () => {
  const {
    rows: [has],
  } = await client.query(`SELECT
    bool_or(id > 9007199254740992) AS beyond_double, bool_or(currency IS NULL) AS null_over_default, bool_or(length(description) > 5000) AS long_text,
    bool_or(extract(microseconds FROM updated_at)::bigint % 1000 <> 0) AS microseconds, bool_or(deleted_at IS NOT NULL) AS soft_deleted,
    bool_or(array_to_string(tags, '|') LIKE '%''%') AS quoted_tag, bool_or(weight::text ~ '\\.\\d*0$') AS trailing_zero, bool_or(description IS NULL) AS no_text FROM products`);
  expect(Object.entries(has).filter(([, value]) => value !== true)).toEqual([]);
  const {
    rows: [toast],
  } = await client.query(
    `SELECT pg_relation_size(reltoastrelid) > 0 AS used FROM pg_class WHERE oid = 'products'::regclass`,
  );
  expect(toast.used).toBe(true);
  const { rows: types } = await client.query(
    `SELECT DISTINCT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid IN ('products'::regclass, 'product_images'::regclass) AND attnum > 0`,
  );
  expect(types.map((row) => row.type)).toEqual(
    expect.arrayContaining([
      'bigint',
      'numeric(12,2)',
      'numeric',
      'character(3)',
      'product_status',
      'jsonb',
      'text[]',
      'uuid',
      'date',
      'timestamp with time zone',
      'timestamp without time zone',
      'tsvector',
      'bytea',
    ]),
  );
});

test('one table has no primary key, and it is not in the catalog', async () => {
  const { rows } =
    await client.query(`SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = pg_class.oid AND contype = 'p')`);
  expect(rows).toEqual([{ relname: 'audit_log' }]);
});

test('placing an order writes no catalog table: its rows are only locked against vanishing', async () => {
  const { rows } =
    await client.query(`SELECT tgrelid::regclass::text AS "table", proname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE NOT tgisinternal AND tgrelid::regclass::text IN ('orders', 'order_items', 'order_events', 'stock_levels', 'stock_movements', 'payments', 'notifications')`);
  expect(rows.map((row) => String(row.proname)).toSorted()).toEqual([
    'announce_notification',
    'announce_order_event',
  ]);
});

test('the nightly job writes prices under its own name, and the trigger keeps the history', async () => {
  const before = await client.query(`SELECT count(*)::int AS count FROM price_history`);
  await client.query(`CREATE TABLE IF NOT EXISTS writers (name text);
    CREATE FUNCTION note_writer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO writers VALUES (current_setting('application_name')); RETURN NULL; END $$;
    CREATE TRIGGER note AFTER UPDATE ON products FOR EACH STATEMENT EXECUTE FUNCTION note_writer();`);
  const changed = await runPriceJob(database.url, { percent: 10, limit: 20 });
  const { rows } = await client.query('SELECT name FROM writers');
  await client.query(
    'DROP TRIGGER note ON products; DROP FUNCTION note_writer; DROP TABLE writers',
  );
  expect(changed).toBe(20);
  expect(rows).toEqual([{ name: 'nightly-price-job' }]);
  const after = await client.query(`SELECT count(*)::int AS count FROM price_history`);
  expect(after.rows[0].count).toBe(before.rows[0].count + 20);
});

test('new rows get ids after those of the seed', async () => {
  const {
    rows: [row],
  } = await client.query(
    `INSERT INTO products (sku, name, price) VALUES ('NEXT', 'next', 1) RETURNING id, currency`,
  );
  expect(row).toEqual({ id: '9007199254741101', currency: 'EUR' });
});
