import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import {
  freePort,
  guardChild,
  sharedKafka,
  startConnect,
  startKafka,
  until,
} from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { chooseTransport } from '../../src/stream/choose-transport.ts';
import type { Transport } from '../../src/stream/index.ts';
import { fillLarge, rangesThere, strays } from './large-shop.ts';
import { bothSides, caughtUp, definition, openShop, type Shop, startWorker } from './shop.ts';

const over = ({ brokers, connectUrl }: { brokers: string; connectUrl: string }): Transport =>
  chooseTransport(definition, {
    STRANGLER_TRANSPORT: 'kafka',
    KAFKA_BROKERS: brokers,
    CONNECT_URL: connectUrl,
  });

/** Every application of a row counts: exactly once is a number. */
const countApplied = (shop: Shop): Promise<unknown> =>
  shop.service.query(`CREATE TABLE applied (good_id bigint);
  CREATE FUNCTION count_applied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO applied VALUES (NEW.good_id); RETURN NEW; END $$;
  CREATE TRIGGER count_applied AFTER INSERT ON goods FOR EACH ROW EXECUTE FUNCTION count_applied(); ALTER TABLE goods ENABLE ALWAYS TRIGGER count_applied`);
const insert = (from: number, count = 100): string =>
  `INSERT INTO products SELECT n, 'new', 'on', 1, NULL, NULL, 0 FROM generate_series(${from}, ${from + count - 1}) n`;
async function equalAndOnce(shop: Shop, rows: number): Promise<void> {
  const sides = await bothSides(shop);
  expect(sides.service).toBe(sides.monolith);
  expect(
    (
      await shop.service.query(
        'SELECT count(*) AS all, count(DISTINCT good_id) AS distinct FROM applied WHERE good_id >= 10000',
      )
    ).rows,
  ).toEqual([{ all: String(rows), distinct: String(rows) }]);
}

describeWithKafka('a worker over Kafka', () => {
  test('copies, then keeps the service equal to the monolith, whatever changes', async () => {
    await using shop = await openShop({}, over(await sharedKafka()));
    await using _worker = startWorker(shop);
    await caughtUp(shop, 'forward');
    await shop.monolith.query(
      `UPDATE products SET description = (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 400) n) WHERE id <= 20`,
    );
    await shop.monolith.query(
      `UPDATE products SET price = price + 1, status = 'off' WHERE id <= 30`,
    );
    await shop.monolith.query(`UPDATE products SET id = id + 10000 WHERE id BETWEEN 10 AND 25`);
    await shop.monolith.query(`DELETE FROM products WHERE id BETWEEN 100 AND 120`);
    await shop.monolith.query(
      `INSERT INTO products SELECT n, 'late', 'on', 5, ARRAY['x,y', NULL], NULL, 0 FROM generate_series(100, 110) n`,
    );
    await shop.monolith.query(
      "BEGIN; TRUNCATE products; INSERT INTO products SELECT n, 'again', 'on', 7, NULL, NULL, 0 FROM generate_series(1, 50) n; COMMIT",
    );
    await shop.monolith.query(`UPDATE products SET name = 'once more' WHERE id <= 10`);
    await caughtUp(shop, 'forward');
    const sides = await bothSides(shop);
    expect(sides.service).toBe(sides.monolith);
    expect((await shop.service.query('SELECT count(*) AS n FROM goods')).rows).toEqual([
      { n: '50' },
    ]);
  });

  test('goes on with a copy that was cut off, twice: what came through Kafka meanwhile is applied first', async () => {
    await using shop = await openShop({}, over(await sharedKafka()));
    await fillLarge(shop, 3000);
    const halfway = async (there: number): Promise<string[]> => {
      await using worker = startWorker({ ...shop, maxRate: { unit: 'rows', perSecond: 0.001 } });
      await until(
        'some ranges are there',
        async () => (await rangesThere(shop).catch(() => [])).length >= there,
      );
      expect((await strays(shop)).wrong).toEqual([]);
      return worker.notes;
    };
    const change = (from: number): Promise<unknown> =>
      shop.monolith.query(
        `UPDATE products SET status = 'off' WHERE id % 7 = 0 AND id BETWEEN ${from} AND ${from + 1500};
         UPDATE products SET id = 20000 + id WHERE id % 50 = ${from % 50};
         DELETE FROM products WHERE id % 90 = ${from % 90};
         INSERT INTO products SELECT n, 'new', 'on', 1, NULL, repeat('x', 4000), 0 FROM generate_series(${30000 + from}, ${30010 + from}) n`,
      );
    expect(await halfway(2)).toEqual([]);
    await change(1);
    expect(await halfway(4)).toEqual([expect.stringMatching(/goes on with the copy/)]);
    await change(1402);
    await using worker = startWorker(shop);
    await caughtUp(shop, 'forward');
    expect(worker.notes).toEqual([expect.stringMatching(/goes on with the copy/)]);
    expect(await strays(shop)).toEqual({ wrong: [], missing: [] });
  });

  test('another one stands by and takes over when the first is killed; nothing is applied twice', async () => {
    const kafka = await sharedKafka();
    await using shop = await openShop({}, over(kafka));
    await countApplied(shop);
    const first = spawn(
      process.execPath,
      [
        '--conditions=strangler-source',
        fileURLToPath(new URL('worker-process.ts', import.meta.url)),
        shop.controlUrl,
        shop.monolithUrl,
        shop.serviceUrl,
        JSON.stringify(kafka),
      ],
      { stdio: 'inherit' },
    );
    guardChild(first);
    try {
      await caughtUp(shop, 'forward');
      await using second = startWorker(shop);
      await until('the second stands by', async () =>
        second.progress.some(({ phase }) => phase === 'standby'),
      );
      for (let step = 0; step < 10; step += 1)
        await shop.monolith.query(insert(10_000 + 100 * step));
      first.kill('SIGKILL');
      for (let step = 10; step < 20; step += 1)
        await shop.monolith.query(insert(10_000 + 100 * step));
      await caughtUp(shop, 'forward');
      await equalAndOnce(shop, 2000);
    } finally {
      if (first.exitCode === null && first.signalCode === null) {
        first.kill('SIGKILL');
        await once(first, 'exit');
      }
    }
  });
});

describeWithKafka(
  'a worker whose Kafka goes away',
  () => {
    test('says what does not answer, waits for it before the copy and while it streams, and goes on with nothing lost or twice', async () => {
      const broker = await startKafka();
      const port = await freePort();
      let connect: Awaited<ReturnType<typeof startConnect>> | undefined;
      try {
        await using shop = await openShop(
          {},
          over({ brokers: broker.brokers, connectUrl: `http://127.0.0.1:${port}` }),
        );
        await countApplied(shop);
        await using worker = startWorker(shop);
        const failed = (code: string): boolean =>
          worker.progress.some((progress) => progress.phase === 'failed' && progress.code === code);
        await until('Connect is missed', async () => failed('CONNECT_UNREACHABLE'));
        // It is told before it is written down.
        const written = await until(
          'the watermark says so',
          async () => (await shop.control.watermarks.get('goods', 'forward'))?.detail,
        );
        expect(written).toMatchObject({ code: 'CONNECT_UNREACHABLE', retrying: true });
        connect = await startConnect({ brokers: broker.brokers, port });
        await caughtUp(shop, 'forward');
        // While it started the worker asked it already: a registration that nobody took was waited for in vain for 90 s.
        expect(failed('CONNECTOR_FAILED')).toBe(false);
        await shop.monolith.query(insert(10_000));
        await connect.crash();
        await broker.crash();
        await shop.monolith.query(insert(10_100));
        await until('Kafka is missed', async () => failed('KAFKA_UNREACHABLE'));
        await broker.restart();
        await connect.restart();
        await shop.monolith.query(insert(10_200));
        await caughtUp(shop, 'forward');
        await equalAndOnce(shop, 300);
        await worker.stop();
      } finally {
        await connect?.crash();
        await connect?.stop();
        await broker.stop();
      }
    });
  },
  { ownServers: true },
);
