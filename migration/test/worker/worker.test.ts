import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { guardChild, until } from '@strangler-toolkit/dev-stack';
import { replayDeadLetter } from '../../src/apply/dead-letters.ts';
import { listDeadLetters } from '../../src/replica/dead-letters.ts';
import { connect, databaseName } from '../../src/database/connect.ts';
import { loadMapping } from '../../src/mapping/load.ts';
import { dropSlot, replicationNames } from '../../src/stream/index.ts';
import { bothSides, caughtUp, flip, openShop, startWorker } from './shop.ts';

describe('a worker', () => {
  test('copies, then keeps the service equal to the monolith, whatever changes', async () => {
    await using shop = await openShop();
    const worker = startWorker(shop);
    try {
      await caughtUp(shop, 'forward');
      await until(
        'the tables have statistics',
        async () =>
          (
            await shop.service.query(
              `SELECT reltuples::int AS rows FROM pg_class WHERE oid = 'goods'::regclass`,
            )
          ).rows[0]?.rows === '500',
      );
      await shop.monolith.query(
        `UPDATE products SET description = (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 400) n) WHERE id <= 20`,
      );
      await shop.monolith.query(
        `UPDATE products SET price = price + 1, status = 'off' WHERE id <= 30`,
      );
      await shop.monolith.query(`UPDATE products SET id = id + 10000 WHERE id BETWEEN 10 AND 25`);
      await shop.monolith.query(`DELETE FROM products WHERE id BETWEEN 100 AND 120`);
      await shop.monolith.query(
        `INSERT INTO products SELECT n, 'late', 'on', 5, NULL, NULL, 0 FROM generate_series(100, 110) n`,
      );
      await caughtUp(shop, 'forward');
      const sides = await bothSides(shop);
      expect(sides.service).toBe(sides.monolith);
      expect((await shop.service.query(`SELECT DISTINCT currency FROM good_prices`)).rows).toEqual([
        { currency: 'EUR' },
      ]);
      const evidence = await shop.control.evidence.latest('goods', 'copy');
      expect(evidence?.ok).toBe(true);
      expect(evidence?.detail['rows']).toBe(500);
      // the copied rows are replicated ones now: a later copy may not take them for its own
      expect((await shop.service.query('SELECT 1 FROM strangler.copies')).rows).toEqual([]);
      await shop.monolith.query('TRUNCATE products');
      await caughtUp(shop, 'forward');
      expect((await shop.service.query('SELECT 1 FROM goods')).rows).toEqual([]);
    } finally {
      await worker.stop();
    }
    expect((await shop.control.watermarks.get('goods', 'forward'))?.state).toBe('stopped');
  });

  test('streams although the statistics of a copied table cannot be written now', async () => {
    await using shop = await openShop();
    const other = await connect(shop.serviceUrl, { applicationName: 'vacuum' });
    // the copy waits at a gate until the tables are locked as VACUUM or CREATE INDEX CONCURRENTLY would lock them
    await other.query(`CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END';
      CREATE TRIGGER gate BEFORE INSERT ON goods EXECUTE FUNCTION gate(); ALTER TABLE goods ENABLE ALWAYS TRIGGER gate`);
    await other.query('SELECT pg_advisory_lock(1)');
    const worker = startWorker(shop);
    try {
      await until(
        'the copy waits',
        async () =>
          (
            await other.query(
              `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
            )
          ).rows.length > 0,
      );
      await other.query('BEGIN; LOCK TABLE goods, good_prices IN SHARE UPDATE EXCLUSIVE MODE');
      await other.query('SELECT pg_advisory_unlock(1)');
      await caughtUp(shop, 'forward');
      await shop.monolith.query('UPDATE products SET price = 7');
      await caughtUp(shop, 'forward');
    } finally {
      await worker.stop();
      await other.end();
    }
    expect((await shop.service.query('SELECT DISTINCT amount FROM good_prices')).rows).toEqual([
      { amount: '7.00' },
    ]);
  });

  test('goes the other way after a flip, merging the parts of a row, and back again', async () => {
    await using shop = await openShop();
    const worker = startWorker(shop);
    try {
      await caughtUp(shop, 'forward');
      await flip(shop, 'service');
      await shop.service
        .query(`BEGIN; INSERT INTO goods VALUES (9001, 'new', 'active', '{x}', 'd'); INSERT INTO good_prices VALUES (9001, 12.50, 'EUR');
        UPDATE good_prices SET amount = amount + 1 WHERE good_id <= 5; UPDATE goods SET title = 'renamed' WHERE good_id <= 7; DELETE FROM goods WHERE good_id BETWEEN 50 AND 60; COMMIT`);
      await caughtUp(shop, 'reverse');
      let sides = await bothSides(shop);
      expect(sides.monolith).toBe(sides.service);
      expect(
        (await shop.monolith.query('SELECT row_version FROM products WHERE id = 9001')).rows,
      ).toEqual([{ row_version: '0' }]);
      expect(await listDeadLetters(shop.monolith, { context: 'goods' })).toEqual([]);
      await flip(shop, 'monolith');
      await shop.monolith.query(`UPDATE products SET name = 'home again' WHERE id <= 3`);
      await caughtUp(shop, 'forward');
      sides = await bothSides(shop);
      expect(sides.service).toBe(sides.monolith);
    } finally {
      await worker.stop();
    }
  });

  test('parks a row that the service refuses, with its later changes, and lets the others pass', async () => {
    await using shop = await openShop();
    const worker = startWorker(shop);
    try {
      await caughtUp(shop, 'forward');
      await shop.monolith.query(
        `UPDATE products SET price = CASE id WHEN 7 THEN 500000 ELSE 2 END WHERE id <= 200`,
      );
      await caughtUp(shop, 'forward');
      await shop.monolith.query(`UPDATE products SET price = 3 WHERE id IN (7, 8)`);
      await caughtUp(shop, 'forward');
      const letters = await listDeadLetters(shop.service, { context: 'goods' });
      expect(letters.map((letter) => [letter.key, letter.errorCode])).toEqual([
        [{ id: '7' }, '23514'],
        [{ id: '7' }, 'DEAD_LETTERS'],
      ]);
      expect(
        (await shop.service.query('SELECT count(*) AS n FROM good_prices WHERE amount = 2')).rows,
      ).toEqual([{ n: '198' }]);
      expect((await shop.control.watermarks.get('goods', 'forward'))?.detail['deadLetters']).toBe(
        1,
      );
      const mapping = await loadMapping(shop.definition, shop.monolith, shop.service);
      const replay = () =>
        replayDeadLetter({
          client: shop.service,
          mapping,
          context: 'goods',
          direction: 'forward',
          id: letters[1]!.id,
        });
      // its last value fits, so collapsing both makes the row whole
      expect((await replay()).replayed).toHaveLength(2);
      const sides = await bothSides(shop);
      expect(sides.service).toBe(sides.monolith);
    } finally {
      await worker.stop();
    }
  });

  test('stops at a mapped column that vanished and names the line of the mapping', async () => {
    await using shop = await openShop();
    const worker = startWorker(shop);
    await caughtUp(shop, 'forward');
    await shop.monolith.query('ALTER TABLE products ADD COLUMN unmapped text');
    await shop.monolith.query(`UPDATE products SET unmapped = 'fine' WHERE id = 1`);
    await caughtUp(shop, 'forward');
    await shop.monolith.query('ALTER TABLE products DROP COLUMN tags');
    await shop.monolith.query(`UPDATE products SET name = 'x' WHERE id = 1`);
    expect(await worker.ended).toBe('SCHEMA_CHANGED');
    const watermark = await shop.control.watermarks.get('goods', 'forward');
    expect(watermark?.state).toBe('failed');
    expect(watermark?.detail['message']).toContain('contexts/goods: tables[0]');
    expect((await shop.service.query('SELECT 1 FROM goods')).rows).toHaveLength(500);
  });

  test('stops at a slot that moved on or was lost instead of going on past the hole', async () => {
    await using shop = await openShop();
    const first = startWorker(shop);
    await caughtUp(shop, 'forward');
    await first.stop();
    const { slot } = replicationNames('goods', 'forward', databaseName(shop.monolithUrl));
    await shop.monolith.query(`UPDATE products SET name = 'in the hole' WHERE id = 1`);
    await shop.monolith.query('SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())', [
      slot,
    ]);
    expect(await startWorker(shop).ended).toBe('POSITION_GAP');
    await dropSlot(shop.monolith, slot);
    expect(await startWorker(shop).ended).toBe('SLOT_LOST');
    expect((await shop.control.watermarks.get('goods', 'forward'))?.detail['code']).toBe(
      'SLOT_LOST',
    );
  });

  test('waits behind a living worker and takes over when that one ends', async () => {
    await using shop = await openShop();
    const first = startWorker(shop);
    await caughtUp(shop, 'forward');
    const second = startWorker(shop);
    await until('the second stands by', async () =>
      second.progress.some(({ phase }) => phase === 'standby'),
    );
    await first.stop();
    await shop.monolith.query(
      `UPDATE products SET name = 'after the change of guard' WHERE id = 1`,
    );
    await caughtUp(shop, 'forward');
    await second.stop();
    const sides = await bothSides(shop);
    expect(sides.service).toBe(sides.monolith);
  });

  test('killed again and again under writes, loses and doubles nothing', async () => {
    await using shop = await openShop();
    let writing = true;
    const writer = await connect(shop.monolithUrl, { applicationName: 'test-writer' });
    const writes = (async () => {
      for (let round = 0; writing; round += 1) {
        // paced, so that what is tested is the kill and not who is faster
        await writer.query(
          `UPDATE products SET price = price + 1 WHERE id % 10 = ${round % 10} AND pg_sleep(0.0002) IS NOT NULL`,
        );
        await writer.query(
          `INSERT INTO products VALUES (${20_000 + round}, 'w', 'on', 1, NULL, NULL, 0)`,
        );
        if (round % 5 === 4)
          await writer.query(`DELETE FROM products WHERE id = ${20_000 + round - 2}`);
      }
    })();
    try {
      for (let kill = 0; kill < 4; kill += 1) {
        const child = spawn(
          process.execPath,
          [
            '--conditions=strangler-source',
            join(import.meta.dirname, 'worker-process.ts'),
            shop.controlUrl,
            shop.monolithUrl,
            shop.serviceUrl,
          ],
          { stdio: 'ignore' },
        );
        guardChild(child);
        const exited = once(child, 'exit');
        try {
          // the first one is killed while it copies, the others while they stream
          if (kill === 0)
            await until(
              'a copy has begun',
              async () => (await shop.control.watermarks.get('goods', 'forward')) !== undefined,
            );
          else await caughtUp(shop, 'forward');
        } finally {
          child.kill('SIGKILL');
          await exited;
        }
      }
    } finally {
      writing = false;
      await writes;
      await writer.end();
    }
    const worker = startWorker(shop);
    try {
      await caughtUp(shop, 'forward');
      const sides = await bothSides(shop);
      expect(sides.service).toBe(sides.monolith);
    } finally {
      await worker.stop();
    }
  });

  test('comes back by itself when the databases cut its connections', async () => {
    await using shop = await openShop();
    const worker = startWorker(shop);
    try {
      await caughtUp(shop, 'forward');
      for (let round = 1; round <= 4; round += 1) {
        await shop.monolith.query(`UPDATE products SET price = price + 1 WHERE id <= 100`);
        await (round % 2 === 0 ? shop.monolith : shop.service).query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
        );
        await shop.monolith.query(`UPDATE products SET price = price + 1 WHERE id <= 100`);
      }
      await caughtUp(shop, 'forward');
      const sides = await bothSides(shop);
      expect(sides.service).toBe(sides.monolith);
    } finally {
      await worker.stop();
    }
  });
});
