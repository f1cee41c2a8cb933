import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import { isStranglerError, type MigrationDefinition } from '@strangler-toolkit/plan';
import { connect } from '../../src/database/connect.ts';
import { loadMapping } from '../../src/mapping/load.ts';

const plain: TestDatabase[] = [];
const encoded: string[] = [];
const sql = async (url: string, ...statements: string[]): Promise<void> => {
  const client = await connect(url, { applicationName: 'test' });
  for (const statement of statements) await client.query(statement);
  await client.end();
};
const tables = `CREATE TABLE prices (id int PRIMARY KEY, name text, amount money)`;

/** A database of that encoding, with the tables. */
async function inEncoding(encoding: string): Promise<string> {
  const url = new URL(plain[0]!.url);
  const name = `${plain[0]!.name}_${encoding.toLowerCase()}`;
  await sql(
    url.href,
    `CREATE DATABASE "${name}" TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`,
  );
  encoded.push(name);
  url.pathname = `/${name}`;
  await sql(url.href, tables);
  return url.href;
}

/** What loading a mapping between both says of them; `loaded` when nothing. */
async function between(
  monolithUrl: string,
  serviceUrl: string,
  columns: readonly string[],
): Promise<string> {
  const definition: MigrationDefinition = {
    context: 'shop',
    data: 'replicated',
    monolith: { url: '' },
    service: { url: '' },
    routes: [],
    tables: [
      {
        monolith: 'prices',
        service: [
          { table: 'prices', columns: Object.fromEntries(columns.map((name) => [name, name])) },
        ],
        leave: Object.fromEntries(
          ['name', 'amount']
            .filter((name) => !columns.includes(name))
            .map((name) => [name, { onReturn: 'default' as const, reason: 'not of this test' }]),
        ),
      },
    ],
  };
  const monolith = await connect(monolithUrl, { applicationName: 'test' });
  const service = await connect(serviceUrl, { applicationName: 'test' });
  try {
    await loadMapping(definition, monolith, service);
    return 'loaded';
  } catch (error) {
    if (!isStranglerError(error)) throw error;
    return `${error.code} ${error.message} ${error.remedy}`;
  } finally {
    await monolith.end();
    await service.end();
  }
}

let [utf8, other, latin, ascii]: string[] = [];
beforeAll(async () => {
  plain.push(await createTestDatabase('servers_a'), await createTestDatabase('servers_b'));
  [utf8, other] = plain.map(({ url }) => url);
  for (const { url } of plain) await sql(url, tables);
  latin = await inEncoding('LATIN1');
  ascii = await inEncoding('SQL_ASCII');
});
afterAll(async () => {
  for (const name of encoded)
    await sql(plain[0]!.url, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
  for (const database of plain) await database.drop();
});

test('two encodings are refused by name, before anything begins, whichever side has which', async () => {
  const told = /^CONFIG_INVALID contexts\/shop: .*one has characters that the other cannot hold/;
  const forth = await between(utf8!, latin!, ['id', 'name']);
  expect(forth).toMatch(told);
  expect(forth).toContain("monolith's database is encoded in UTF8, the service's in LATIN1");
  expect(await between(latin!, utf8!, ['id', 'name'])).toMatch(told);
  expect(await between(latin!, latin!, ['id', 'name'])).toBe('loaded');
});

test('SQL_ASCII is refused also where both sides have it: what the bytes mean is not known', async () => {
  expect(await between(ascii!, ascii!, ['id', 'name'])).toMatch(
    /^CONFIG_INVALID .*what the bytes of a text mean is not known .*ENCODING/,
  );
});

test('money is refused where the databases read it by different locales, and only where it is mapped', async () => {
  expect(await between(utf8!, other!, ['id', 'name', 'amount'])).toBe('loaded');
  await sql(utf8!, `ALTER DATABASE "${plain[0]!.name}" SET lc_monetary = 'POSIX'`);
  await sql(other!, `ALTER DATABASE "${plain[1]!.name}" SET lc_monetary = 'C'`);
  expect(await between(utf8!, other!, ['id', 'name', 'amount'])).toMatch(
    /^CONFIG_INVALID contexts\/shop: tables\[0\]\.service\[0\]\.columns\.amount: .*which is POSIX on the monolith and C on the service/,
  );
  expect(await between(utf8!, other!, ['id', 'name'])).toBe('loaded');
});
