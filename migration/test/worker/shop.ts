import { createTestDatabase } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { type Control, openControl } from '../../src/control/index.ts';
import { connect } from '../../src/database/connect.ts';
import { defineMigration, type MigrationDefinition } from '../../src/plan/migration.ts';
import { replicationNames } from '../../src/stream/index.ts';

/** Two databases with different schemas and a control database: what a worker works on. */
export interface Shop extends AsyncDisposable {
  readonly definition: MigrationDefinition;
  readonly control: Control;
  readonly controlUrl: string;
  readonly monolithUrl: string;
  readonly serviceUrl: string;
  readonly monolith: pg.Client;
  readonly service: pg.Client;
}

export const definition = defineMigration({
  context: 'goods',
  data: 'replicated',
  monolith: { url: 'http://127.0.0.1:1' },
  service: { url: 'http://127.0.0.1:1' },
  routes: [],
  tables: [
    {
      monolith: 'products',
      service: [
        { table: 'goods', columns: { id: 'good_id', name: 'title', status: { to: 'state', values: { on: 'active', off: 'hidden' } }, tags: 'labels', description: 'description' } },
        { table: 'good_prices', columns: { id: 'good_id', price: 'amount' }, constants: { currency: 'EUR' } },
      ],
      leave: { row_version: { onReturn: { value: '0' }, reason: 'the old ORM counts with it' } },
    },
  ],
});

export async function openShop(): Promise<Shop> {
  const databases = await Promise.all(['control', 'monolith', 'service'].map((label) => createTestDatabase(label)));
  const [controlDatabase, monolithDatabase, serviceDatabase] = databases;
  if (controlDatabase === undefined || monolithDatabase === undefined || serviceDatabase === undefined) throw new Error('three databases');
  const monolith = await connect(monolithDatabase.url, { applicationName: 'test' });
  const service = await connect(serviceDatabase.url, { applicationName: 'test' });
  await monolith.query(`
    CREATE TABLE products (id bigint PRIMARY KEY, name text NOT NULL, status text NOT NULL DEFAULT 'on', price numeric(12,2) NOT NULL CHECK (price < 1000000),
      tags text[], description text, row_version int NOT NULL);
    INSERT INTO products SELECT n, 'product ' || n, CASE WHEN n % 3 = 0 THEN 'off' ELSE 'on' END, n * 1.5, ARRAY['a,b', 'quote"', NULL], NULL, 0 FROM generate_series(1, 500) n`);
  await service.query(`
    CREATE TABLE goods (good_id bigint PRIMARY KEY, title text NOT NULL, state text NOT NULL, labels text[], description text);
    CREATE TABLE good_prices (good_id bigint PRIMARY KEY REFERENCES goods ON DELETE CASCADE, amount numeric(12,2) NOT NULL CHECK (amount < 100000), currency text NOT NULL)`);
  const control = await openControl(controlDatabase.url);
  await control.contexts.register('goods', 'replicated');
  await control.contexts.setStage({ context: 'goods', expectedStage: 'monolith', stage: 'replicating' });
  return {
    definition, control, controlUrl: controlDatabase.url, monolithUrl: monolithDatabase.url, serviceUrl: serviceDatabase.url, monolith, service,
    async [Symbol.asyncDispose]() {
      await control.close();
      for (const client of [monolith, service]) await client.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database() AND NOT active');
      for (const [client, direction, database] of [[service, 'forward', serviceDatabase.name], [monolith, 'reverse', monolithDatabase.name]] as const) {
        await client.query('SELECT pg_replication_origin_drop(roname) FROM pg_replication_origin WHERE roname = $1', [replicationNames('goods', direction, database).origin]);
      }
      await monolith.end();
      await service.end();
      await Promise.all(databases.map((database) => database.drop()));
    },
  };
}

/** Rows of the two sides in the monolith's terms: equal when replication has done its work. */
export async function bothSides(shop: Shop): Promise<{ monolith: string; service: string }> {
  const monolith = await shop.monolith.query<{ rows: string }>(
    `SELECT json_agg(json_build_array(id::text, name, status, price::text, tags, md5(description)) ORDER BY id) AS rows FROM products`,
  );
  const service = await shop.service.query<{ rows: string }>(
    `SELECT json_agg(json_build_array(good_id::text, title, CASE state WHEN 'active' THEN 'on' WHEN 'hidden' THEN 'off' ELSE state END, amount::text, labels, md5(description)) ORDER BY good_id) AS rows
     FROM goods LEFT JOIN good_prices USING (good_id)`,
  );
  return { monolith: String(monolith.rows[0]?.rows), service: String(service.rows[0]?.rows) };
}

export async function until(what: string, condition: () => Promise<boolean>, seconds = 20): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

/** The watermark passed a time taken now: everything committed before is applied. */
export async function caughtUp(shop: Shop, direction: 'forward' | 'reverse'): Promise<void> {
  const now = await shop.control.now();
  await until(`${direction} watermark passes ${now}`, async () => ((await shop.control.watermarks.get('goods', direction))?.appliedAt ?? '') > now);
}
