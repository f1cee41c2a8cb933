import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { migrate as migrateCatalog } from '@strangler-example/catalog';
import { migrate as migrateShop } from '@strangler-example/legacy-monolith';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import { loadContexts } from '@strangler-toolkit/plan/load';
import pg from 'pg';
import { connect } from '../../migration/src/database/connect.ts';
import { isOpen, lookAround } from '../../migration/src/surroundings/index.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
let databases: TestDatabase[] = [];
beforeAll(async () => {
  databases = [await createTestDatabase('ctx_shop'), await createTestDatabase('ctx_catalog')];
  await Promise.all([migrateShop(databases[0]!.url), migrateCatalog(databases[1]!.url)]);
});
afterAll(async () => {
  await Promise.all(databases.map((database) => database.drop()));
});

const columns = async (url: string): Promise<Map<string, string[]>> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ name: string; columns: string[] }>(
    `SELECT table_name AS name, array_agg(column_name::text) AS columns FROM information_schema.columns WHERE table_schema = 'public' AND is_generated = 'NEVER' GROUP BY 1`,
  );
  await client.end();
  return new Map(rows.map((row) => [row.name, row.columns]));
};

test('every context file loads', async () => {
  expect([...(await loadContexts(folder)).keys()].sort()).toEqual(['catalog', 'shipping-rates']);
});

test('the catalog’s mapping takes or leaves every column of the monolith and fills every column of the service', async () => {
  const { definition } = (await loadContexts(folder)).get('catalog')!;
  const [shop, own] = [await columns(databases[0]!.url), await columns(databases[1]!.url)];
  for (const table of definition.tables ?? []) {
    const taken = table.service.flatMap((part) => Object.keys(part.columns));
    expect([...new Set([...taken, ...Object.keys(table.leave ?? {})])].sort()).toEqual(
      [...(shop.get(table.monolith) ?? [])].sort(),
    );
    for (const part of table.service) {
      const filled = Object.values(part.columns).map((column) =>
        typeof column === 'string' ? column : column.to,
      );
      expect(filled.sort()).toEqual([...(own.get(part.table) ?? [])].sort());
    }
  }
});

test('what lies around the mapped rows is decided', async () => {
  const context = (await loadContexts(folder)).get('catalog');
  const [shop, own] = [
    await connect(databases[0]!.url, { applicationName: 'test' }),
    await connect(databases[1]!.url, { applicationName: 'test' }),
  ];
  try {
    expect((await lookAround(context!.definition, shop, own)).filter(isOpen)).toEqual([]);
  } finally {
    await shop.end();
    await own.end();
  }
});
