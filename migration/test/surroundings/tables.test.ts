import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { connect } from '../../src/database/connect.ts';
import { loadMapping } from '../../src/mapping/load.ts';

const ddl = (role: string) => `
CREATE ROLE ${role} LOGIN PASSWORD 'reader';
CREATE TABLE plain (id bigserial PRIMARY KEY, tenant int);
CREATE TABLE guarded (id bigserial PRIMARY KEY, tenant int);
INSERT INTO guarded (tenant) SELECT n % 2 FROM generate_series(1, 10) n;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; CREATE POLICY one ON guarded USING (tenant = 1);
CREATE TABLE forced (LIKE guarded INCLUDING ALL); ALTER TABLE forced ENABLE ROW LEVEL SECURITY;
ALTER TABLE forced FORCE ROW LEVEL SECURITY; ALTER TABLE forced OWNER TO ${role};
CREATE VIEW looking AS SELECT * FROM plain; CREATE MATERIALIZED VIEW looked AS SELECT * FROM plain;
CREATE UNLOGGED TABLE hasty (id bigserial PRIMARY KEY);
CREATE TABLE parent (id bigserial PRIMARY KEY); CREATE TABLE child () INHERITS (parent);
CREATE TABLE whole (id bigserial PRIMARY KEY) PARTITION BY HASH (id);
CREATE TABLE whole_0 PARTITION OF whole FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE UNLOGGED TABLE whole_1 PARTITION OF whole FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER there FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE far (id bigint) SERVER there;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role};`;

const databases: TestDatabase[] = [];
const clients: pg.Client[] = [];
let [monolith, service]: pg.Client[] = [];
const roles = ['m', 's'].map((side) => `rows_${side}_${process.pid}`);

beforeAll(async () => {
  for (const role of roles) {
    const database = await createTestDatabase(`tables_${role}`);
    databases.push(database);
    const admin = await connect(database.url, { applicationName: 'test' });
    await admin.query(ddl(role));
    const url = new URL(database.url);
    url.username = role;
    url.password = 'reader';
    clients.push(admin, await connect(url.href, { applicationName: 'test' }));
  }
  [, monolith, , service] = clients;
});
afterAll(async () => {
  for (const [index, role] of roles.entries()) {
    await clients[index * 2 + 1]?.end();
    await clients[index * 2]?.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
    await clients[index * 2]?.end();
    await databases[index]?.drop();
  }
});

const load = (monolithTable: string, serviceTable: string): Promise<unknown> => {
  const definition: MigrationDefinition = {
    context: 'shop',
    data: 'replicated',
    monolith: { url: '' },
    service: { url: '' },
    routes: [],
    tables: [
      { monolith: 'plain', service: [{ table: 'plain', columns: { id: 'id' } }] },
      { monolith: monolithTable, service: [{ table: serviceTable, columns: { id: 'id' } }] },
    ].slice(monolithTable === 'plain' && serviceTable === 'plain' ? 1 : 0) as never,
  };
  return loadMapping(definition, monolith!, service!);
};

describe('before anything begins', () => {
  const refused: [string, string, string][] = [
    ['guarded', 'ROW_POLICY', 'BYPASSRLS'],
    ['forced', 'ROW_POLICY', 'NO FORCE ROW LEVEL SECURITY'],
    ['looking', 'TABLE_KIND', 'table behind it'],
    ['looked', 'TABLE_KIND', 'table behind it'],
    ['far', 'TABLE_KIND', 'table behind it'],
    ['hasty', 'TABLE_KIND', 'SET LOGGED'],
    ['parent', 'TABLE_KIND', 'partitions'],
    ['whole', 'TABLE_KIND', 'ALTER TABLE whole_1 SET LOGGED'],
  ];
  test.each(refused)('%s is refused by name on the monolith (%s)', async (table, code, remedy) => {
    await expect(load(table, 'plain')).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`tables[1].monolith: ${table} in the monolith`),
      remedy: expect.stringContaining(remedy),
    });
  });
  test.each(refused)('%s is refused by name on the service (%s)', async (table, code, remedy) => {
    await expect(load('plain', table)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`service[0].table: ${table} in the service`),
      remedy: expect.stringContaining(remedy),
    });
  });
  test('what can be seen whole is not', async () => {
    await expect(load('plain', 'plain')).resolves.toMatchObject({ context: 'shop' });
  });
});

test('a policy that came later is an error of the next read, not fewer rows', async () => {
  await expect(monolith!.query('SELECT count(*) FROM guarded')).rejects.toMatchObject({
    code: '42501',
  });
  await expect(monolith!.query('COPY guarded TO STDOUT')).rejects.toMatchObject({ code: '42501' });
});
