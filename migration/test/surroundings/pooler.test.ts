import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import { connect } from '../../src/database/connect.ts';
import type { Check } from '../../src/findings/check.ts';
import { cli, json } from '../support/cli.ts';
import { openScene, shop } from '../support/scene.ts';
import { startPooler } from './transaction-pooler.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase('pooler');
});
afterAll(() => database.drop());

test('a pooler that gives each transaction another session is refused before anything is set in one', async () => {
  const pooler = await startPooler(database.url, 'transaction');
  try {
    await expect(connect(pooler.url, { applicationName: 'test' })).rejects.toMatchObject({
      code: 'DB_POOLER',
      remedy: expect.stringContaining('pool_mode'),
    });
    const { rows } = await (async () => {
      const pg = (await import('pg')).default;
      const client = new pg.Client({ connectionString: pooler.url });
      await client.connect();
      try {
        return await client.query(`SELECT current_setting('search_path') AS path`);
      } finally {
        await client.end();
      }
    })();
    expect(rows).toEqual([{ path: '"$user", public' }]);
  } finally {
    await pooler.close();
  }
});

test('one that keeps a session together is not', async () => {
  const pooler = await startPooler(database.url, 'session');
  try {
    const client = await connect(pooler.url, { applicationName: 'test' });
    expect((await client.query('SHOW search_path')).rows).toEqual([{ search_path: 'public' }]);
    await client.end();
  } finally {
    await pooler.close();
  }
});

test('behind a pooler everything goes to the direct address, and doctor holds both against each other', async () => {
  const scene = await openScene('direct');
  const pooler = await startPooler(scene.monolith.url, 'transaction');
  try {
    const monolith = { ...shop.monolith, databaseDirect: { env: 'MONOLITH_DATABASE_DIRECT_URL' } };
    await writeFile(join(scene.dir, 'catalog.json'), JSON.stringify({ ...shop, monolith }));
    const env = (direct: string): Record<string, string> => ({
      ...scene.env,
      MONOLITH_DATABASE_URL: pooler.url,
      MONOLITH_DATABASE_DIRECT_URL: direct,
    });
    const found = async (direct: string): Promise<Check[]> =>
      json<{ checks: Check[] }>(await cli(['doctor', 'catalog', '--json'], env(direct))).checks;
    const named = (checks: Check[], name: string) => checks.find(({ check }) => check === name);

    expect(named(await found(''), 'monolith database')).toMatchObject({
      ok: false,
      remedy: expect.stringContaining('databaseDirect'),
    });
    const right = await found(scene.monolith.url);
    expect(named(right, 'monolith direct address')).toMatchObject({ ok: true });
    expect(right.filter(({ ok }) => !ok)).toEqual([]);
    expect(named(await found(scene.control.url), 'monolith direct address')).toMatchObject({
      ok: false,
      actual: 'another database of the same server',
    });
    const copied = await cli(
      ['replicate', 'catalog', '--until-caught-up'],
      env(scene.monolith.url),
    );
    expect(copied).toMatchObject({ code: 0 });
    expect(await scene.sql(scene.service, 'SELECT count(*)::int AS n FROM items')).toEqual([
      { n: 50 },
    ]);
  } finally {
    await pooler.close();
    await scene.close();
  }
});
