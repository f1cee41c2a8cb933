import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { guardChild, until } from '@strangler-toolkit/dev-stack';
import { defineMigration, type MigrationDefinition } from '@strangler-toolkit/plan';
import { connect } from '../../src/database/connect.ts';
import { pauseCopy } from '../../src/replica/copies.ts';
import {
  attempt,
  fillLarge,
  holding,
  opened,
  rangesThere,
  readOfTable,
  strays,
  waitingForHolder,
} from './large-shop.ts';
import { caughtUp, definition, openShop, type Running, type Shop, startWorker } from './shop.ts';

const rows = 4000;

const open = (url: string) => connect(url, { applicationName: 'test' });
/** The same numbers for the same seed. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
}

/** Both of its rows are there, or nothing happens. */
const transfer = (roll: (below: number) => number): string =>
  `WITH two AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM products WHERE id > ${roll(3000)} AND price BETWEEN 100 AND 50000 ORDER BY id LIMIT 2)
   UPDATE products SET price = price + CASE n WHEN 1 THEN 7 ELSE -7 END FROM two WHERE two.id = products.id AND (SELECT count(*) FROM two) = 2`;

/** Or it ended, and then says how. */
const replicates = (shop: Shop, worker: Running): Promise<void> =>
  Promise.race([
    caughtUp(shop, 'forward'),
    worker.ended.then((code) => {
      throw new Error(`it ended: ${code} ${JSON.stringify(worker.progress.at(-1)?.message)}`);
    }),
  ]);

/** Whatever a client may do to the table; sums of prices change by no more than what is made and removed. */
async function change({ monolith }: Shop, roll: (below: number) => number, times: number) {
  for (let time = 0; time < times; time += 1) {
    const [one, two] = [1 + roll(rows), 1 + roll(rows)];
    const statements = [
      `UPDATE products SET name = 'small' WHERE id = ${one}`,
      // The large value does not travel.
      `UPDATE products SET status = CASE status WHEN 'on' THEN 'off' ELSE 'on' END WHERE id % 7 = 0 AND id BETWEEN ${one} AND ${one + 40}`,
      `UPDATE products SET description = repeat(md5('${time} ${two}'), 90) WHERE id = ${one}`,
      `UPDATE products SET description = NULL WHERE id = ${one}`,
      `DELETE FROM products WHERE id BETWEEN ${one} AND ${one + 5}`,
      `INSERT INTO products VALUES (${one}, 'again', 'on', 1000, NULL, repeat('x', ${roll(9000)}), 0) ON CONFLICT (id) DO UPDATE SET name = 'there'`,
      // To the other end of the table, and back.
      `UPDATE products SET id = ${10_000 + two} WHERE id = ${two} AND NOT EXISTS (SELECT FROM products WHERE id = ${10_000 + two})`,
      `UPDATE products SET id = id - 10000 WHERE id > 10000 AND NOT EXISTS (SELECT FROM products p WHERE p.id = products.id - 10000)`,
      transfer(roll),
      `BEGIN; UPDATE products SET id = 99999 WHERE id = ${one}; UPDATE products SET id = ${one} WHERE id = ${two}; UPDATE products SET id = ${two} WHERE id = 99999; COMMIT`,
      `VACUUM products`,
    ];
    const chosen = statements[roll(statements.length)] ?? '';
    await monolith.query(chosen).catch(async (error: unknown) => {
      await monolith.query('ROLLBACK');
      // Two rows changed their keys and one of them was not there.
      if ((error as { code?: string }).code !== '23505') throw error;
    });
  }
}

/** The first one as large as a table of which ranges are read; rows pass to the others and back. */
const inPartitions = `
  CREATE TABLE parted (LIKE products INCLUDING ALL) PARTITION BY RANGE (id);
  CREATE TABLE p1 PARTITION OF parted FOR VALUES FROM (MINVALUE) TO (3800);
  CREATE TABLE p2 PARTITION OF parted FOR VALUES FROM (3800) TO (12000);
  CREATE TABLE p3 PARTITION OF parted FOR VALUES FROM (12000) TO (200000);
  DROP TABLE products;
  ALTER TABLE parted RENAME TO products`;

describe('a copy that was cut off', () => {
  test.each([
    [1, 'one table'],
    [2, 'one table'],
    [3, 'partitions'],
  ] as const)(
    'goes on as often as it is cut off, whatever changes before, while and after it reads: no row is ever wrong, none is missing (%d, %s)',
    async (seed, stored) => {
      await using shop = await openShop();
      if (stored === 'partitions') await shop.monolith.query(inPartitions);
      await fillLarge(shop, rows);
      const roll = dice(seed);
      for (let times = 0; times < 3; times += 1) {
        await change(shop, roll, 30);
        const notes = await attempt(shop, async () => {
          // What is there is as the monolith has it, though other rows are not there yet.
          expect((await strays(shop)).wrong).toEqual([]);
          await change(shop, roll, 30);
        });
        expect(notes).toEqual(times === 0 ? [] : [expect.stringMatching(/goes on with the copy/)]);
        expect(await opened(shop)).toBe(false);
      }
      // Somebody writes all the while the changes are caught up with: it counts before the new snapshot, and in no range of it.
      const late = await open(shop.monolithUrl);
      await late.query(`BEGIN; UPDATE products SET name = 'late' WHERE id % 3 = 0`);
      await using worker = startWorker(shop);
      await until(
        'the new snapshot waits for the writer',
        async () =>
          (
            await shop.monolith.query(
              `SELECT FROM pg_stat_activity WHERE backend_type = 'walsender' AND wait_event_type = 'Lock' AND datname = current_database()`,
            )
          ).rowCount === 1,
      );
      await late.query('COMMIT');
      await late.end();
      await change(shop, roll, 30);
      await replicates(shop, worker);
      expect(worker.notes).toEqual([expect.stringMatching(/goes on with the copy/)]);
      expect(await strays(shop)).toEqual({ wrong: [], missing: [] });
      expect(await rangesThere(shop)).toEqual([]);
      // Whoever reads now never sees money between two rows.
      const sum = async (): Promise<unknown> =>
        (await shop.service.query('SELECT sum(amount) FROM good_prices')).rows[0]?.sum;
      const whole = await sum();
      for (let time = 0; time < 20; time += 1) {
        await shop.monolith.query(transfer(roll));
        expect(await sum()).toBe(whole);
      }
    },
  );

  test('by kill -9 when all but the last range of each connection is there reads those again, and nothing else', async () => {
    await using shop = await openShop();
    await fillLarge(shop, rows);
    await shop.service.query(holding(rows));
    const holder = await open(shop.serviceUrl);
    await holder.query('SELECT pg_advisory_lock(4711)');
    const child = spawn(
      process.execPath,
      [
        '--conditions=strangler-source',
        fileURLToPath(new URL('worker-process.ts', import.meta.url)),
        shop.controlUrl,
        shop.monolithUrl,
        shop.serviceUrl,
      ],
      { stdio: 'ignore' },
    );
    guardChild(child);
    const exited = once(child, 'exit');
    const { rows: sizes } = await shop.monolith.query<{ ranges: string }>(
      `SELECT ceil(pg_relation_size('products') / 8192 / 256.0)::int AS ranges`,
    );
    try {
      await until('only the held range is missing', async () => {
        const there = await rangesThere(shop).catch(() => []);
        const { rowCount } = await shop.service.query(waitingForHolder);
        return rowCount === 1 && there.length === 2 * Number(sizes[0]?.ranges) - 1;
      });
    } finally {
      child.kill('SIGKILL');
      await exited;
      await holder.end();
    }
    await shop.service.query('DROP TRIGGER hold ON goods');
    const read = await readOfTable(shop);
    await shop.monolith.query('UPDATE products SET price = price + 1 WHERE id % 10 = 0');
    const updated = (await readOfTable(shop)) - read;
    await using worker = startWorker(shop);
    await replicates(shop, worker);
    expect(worker.notes).toEqual([expect.stringMatching(/goes on with the copy/)]);
    const begun = worker.progress.find(({ rowsCopied }) => rowsCopied !== undefined);
    expect(begun?.rowsCopied).toBeGreaterThanOrEqual(rows * 0.6);
    await worker.stop();
    const perRange = 1100;
    await until(
      'the numbers of the sessions that ended are there',
      async () => (await readOfTable(shop)) > read + updated,
    );
    expect((await readOfTable(shop)) - read - updated).toBeLessThanOrEqual(2 * perRange);
    expect(await strays(shop)).toEqual({ wrong: [], missing: [] });
  });

  test('reads a table again from its beginning that was stored anew meanwhile, and keeps what is there', async () => {
    await using shop = await openShop();
    await fillLarge(shop, rows);
    await attempt(shop);
    await shop.monolith.query(
      'DELETE FROM products WHERE id % 3 = 0; UPDATE products SET id = id + 10000 WHERE id % 5 = 0',
    );
    await shop.monolith.query('VACUUM FULL products');
    await using worker = startWorker(shop);
    await replicates(shop, worker);
    expect(worker.notes).toEqual([expect.stringMatching(/goes on with the copy/)]);
    expect(await strays(shop)).toEqual({ wrong: [], missing: [] });
  });

  test('is nothing but the changes where the table was emptied meanwhile', async () => {
    await using shop = await openShop();
    await fillLarge(shop, rows);
    await attempt(shop);
    await shop.monolith.query(
      `TRUNCATE products; INSERT INTO products VALUES (7, 'new', 'on', 1, NULL, NULL, 0)`,
    );
    await using worker = startWorker(shop);
    await replicates(shop, worker);
    expect(worker.notes).toEqual([expect.stringMatching(/goes on with the copy/)]);
    expect(await strays(shop)).toEqual({ wrong: [], missing: [] });
  });

  const [products] = definition.tables ?? [];
  if (products === undefined) throw new Error('a table');
  const [goods, prices] = products.service;
  if (prices === undefined) throw new Error('two parts');
  const otherConstant = defineMigration({
    ...definition,
    tables: [{ ...products, service: [goods, { ...prices, constants: { currency: 'USD' } }] }],
  });
  test.each<[string, (shop: Shop) => Promise<unknown>, RegExp, MigrationDefinition]>([
    [
      'the slot is gone',
      ({ monolith }) =>
        monolith.query(
          'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()',
        ),
      /slot .* does not exist/,
      definition,
    ],
    [
      'the slot was moved on',
      ({ monolith }) =>
        monolith.query(
          'SELECT pg_replication_slot_advance(slot_name, pg_current_wal_lsn()) FROM pg_replication_slots WHERE database = current_database()',
        ),
      /moved on/,
      definition,
    ],
    [
      'the table was exchanged',
      ({ monolith }) =>
        monolith.query(
          'BEGIN; CREATE TABLE other (LIKE products INCLUDING ALL); INSERT INTO other SELECT * FROM products; ALTER TABLE products RENAME TO former; ALTER TABLE other RENAME TO products; COMMIT',
        ),
      /exchanged|does not hold/,
      definition,
    ],
    [
      'a mapped column was rewritten',
      ({ monolith }) =>
        monolith.query(
          `ALTER TABLE products ALTER COLUMN name TYPE varchar(2000) USING upper(name)`,
        ),
      /rewritten/,
      definition,
    ],
    [
      'the table left the publication for a while',
      ({ monolith }) =>
        monolith.query(
          `DO $$ DECLARE p name; BEGIN SELECT pubname INTO p FROM pg_publication; EXECUTE format('ALTER PUBLICATION %I DROP TABLE products', p); UPDATE products SET price = 1 WHERE id < 100; EXECUTE format('ALTER PUBLICATION %I ADD TABLE products', p); END $$`,
        ),
      /for a while/,
      definition,
    ],
    [
      'the mark of this history is gone',
      ({ monolith }) => monolith.query('DELETE FROM strangler.marks'),
      /another history/,
      definition,
    ],
    [
      'an older release emptied the tables since',
      ({ service }) =>
        service.query(
          `UPDATE strangler.copies SET copier = gen_random_uuid(); DELETE FROM goods; DELETE FROM good_prices`,
        ),
      /earlier release/,
      definition,
    ],
    [
      'the service refuses a change',
      async ({ monolith, service }) => {
        await service.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
          CREATE TRIGGER refuse BEFORE UPDATE ON good_prices FOR EACH ROW EXECUTE FUNCTION refuse();
          ALTER TABLE good_prices ENABLE ALWAYS TRIGGER refuse`);
        await monolith.query('UPDATE products SET price = 5');
      },
      /not this one/,
      definition,
    ],
    [
      'the key may be there twice in the middle of a transaction',
      ({ monolith }) =>
        monolith.query(
          'ALTER TABLE products DROP CONSTRAINT products_pkey, ADD PRIMARY KEY (id) DEFERRABLE; ALTER TABLE products REPLICA IDENTITY FULL',
        ),
      /products in the monolith is deferrable/,
      definition,
    ],
    ['the context file says otherwise', async () => {}, /constants/, otherConstant],
  ])('begins anew, and says why, where %s', async (_what, happens, why, other) => {
    await using shop = await openShop();
    await fillLarge(shop, 1500);
    await attempt(shop);
    await happens(shop);
    await using worker = startWorker({ ...shop, definition: other });
    await replicates(shop, worker);
    expect(worker.notes.join()).toMatch(/begins anew: /);
    expect(worker.notes.join()).toMatch(why);
    expect(await strays(shop)).toEqual({ wrong: [], missing: [] });
    const { rows: currencies } = await shop.service.query(
      'SELECT DISTINCT currency FROM good_prices',
    );
    expect(currencies).toEqual([{ currency: other === definition ? 'EUR' : 'USD' }]);
  });

  test('waits where somebody said so, also in another process, and goes on when it may', async () => {
    await using shop = await openShop();
    await fillLarge(shop, rows);
    expect(await pauseCopy(shop.service, 'goods', true).catch(() => false)).toBe(false);
    await attempt(shop);
    expect(await pauseCopy(shop.service, 'goods', true)).toBe(true);
    const before = await rangesThere(shop);
    await using worker = startWorker(shop);
    await until('it says that it waits', () => worker.progress.at(-1)?.paused === true);
    await until(
      'everybody hears of it',
      async () => (await shop.control.watermarks.get('goods', 'forward'))?.detail.paused === true,
    );
    expect(await rangesThere(shop)).toEqual(before);
    const snapshots = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'strangler-copy' AND backend_xmin IS NOT NULL`;
    expect((await shop.monolith.query(snapshots)).rowCount).toBe(0);
    await shop.monolith.query('UPDATE products SET price = price + 1 WHERE id % 10 = 0');
    await pauseCopy(shop.service, 'goods', false);
    await replicates(shop, worker);
    expect(await strays(shop)).toEqual({ wrong: [], missing: [] });
  });

  test('that is told to wait while it reads ends its ranges and no other', async () => {
    await using shop = await openShop();
    await fillLarge(shop, rows);
    await shop.service.query(holding(1));
    const holder = await open(shop.serviceUrl);
    await holder.query('SELECT pg_advisory_lock(4711)');
    await using worker = startWorker({ ...shop, parallel: 1 });
    await until(
      'it reads',
      async () => (await shop.service.query(waitingForHolder)).rowCount === 1,
    );
    await pauseCopy(shop.service, 'goods', true);
    await holder.end();
    await until('it says that it waits', () => worker.progress.at(-1)?.paused === true);
    expect(await rangesThere(shop)).toEqual(['public.goods 0']);
  });
});
