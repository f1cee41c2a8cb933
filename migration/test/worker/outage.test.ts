import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type PostgresServer, startPostgres, until } from '@strangler-toolkit/dev-stack';
import { connect } from '../../src/database/connect.ts';
import { bothSides, caughtUp, openShop, startWorker } from './shop.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => server?.stop());

describe('a server that is killed while the worker streams', () => {
  test.each(['monolith', 'service', 'control'] as const)(
    '%s: after its restart every change is there, applied once',
    async (role) => {
      await using shop = await openShop({ [role]: server });
      // every application of a row counts: exactly once is a number
      await shop.service.query(`CREATE TABLE applied (good_id bigint);
      CREATE FUNCTION count_applied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO applied VALUES (NEW.good_id); RETURN NEW; END $$;
      CREATE TRIGGER count_applied AFTER INSERT ON goods FOR EACH ROW EXECUTE FUNCTION count_applied(); ALTER TABLE goods ENABLE ALWAYS TRIGGER count_applied`);
      await using worker = startWorker(shop);
      await caughtUp(shop, 'forward');
      const insert = (from: number): string =>
        `INSERT INTO products SELECT n, 'new', 'on', 1, NULL, NULL, 0 FROM generate_series(${from}, ${from + 499}) n`;
      for (let step = 0; step < 10; step += 1)
        await shop.monolith.query(insert(10_000 + step * 500));
      await server.crash();
      await until('the worker notices', async () =>
        worker.progress.some(({ phase }) => phase === 'failed'),
      );
      await server.restart();
      const reopen = async (url: string): ReturnType<typeof connect> =>
        connect(url, { applicationName: 'test' });
      const after = {
        ...shop,
        monolith: role === 'monolith' ? await reopen(shop.monolithUrl) : shop.monolith,
        service: role === 'service' ? await reopen(shop.serviceUrl) : shop.service,
      };
      try {
        await after.monolith.query(insert(20_000));
        await caughtUp(after, 'forward');
        const sides = await bothSides(after);
        expect(sides.service).toBe(sides.monolith);
        expect(
          (
            await after.service.query(
              'SELECT count(*) AS all, count(DISTINCT good_id) AS distinct FROM applied WHERE good_id >= 10000',
            )
          ).rows,
        ).toEqual([{ all: '5500', distinct: '5500' }]);
      } finally {
        if (role === 'monolith') await after.monolith.end();
        if (role === 'service') await after.service.end();
      }
    },
  );
});

describe('a target without space', () => {
  test('is told as DB_DISK_FULL; when there is space again, nothing is lost', async () => {
    await using shop = await openShop();
    await using _worker = startWorker(shop);
    await caughtUp(shop, 'forward');
    await shop.service
      .query(`CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
      CREATE TRIGGER no_space BEFORE UPDATE ON goods FOR EACH STATEMENT EXECUTE FUNCTION no_space(); ALTER TABLE goods ENABLE ALWAYS TRIGGER no_space`);
    await shop.monolith.query(`UPDATE products SET name = 'needs space' WHERE id <= 50`);
    await until(
      'the state tells',
      async () =>
        (await shop.control.watermarks.get('goods', 'forward'))?.detail['code'] === 'DB_DISK_FULL',
    );
    await shop.service.query('DROP TRIGGER no_space ON goods');
    await caughtUp(shop, 'forward');
    const sides = await bothSides(shop);
    expect(sides.service).toBe(sides.monolith);
    expect((await shop.service.query('SELECT 1 FROM strangler.dead_letters')).rows).toEqual([]);
  });
});
