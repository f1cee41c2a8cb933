import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type PostgresServer, startPostgres, until } from '@strangler-toolkit/dev-stack';
import { connect } from '../../src/database/connect.ts';
import { readStreamRow } from '../../src/replica/streams.ts';
import type { WorkerProgress } from '../../src/worker/index.ts';
import { copyServer } from '../support/server-copy.ts';
import { endOf, insert, pastPosition, reconnected, targetState } from './restored-source.ts';
import { bothSides, caughtUp, flip, openShop, type Shop, startWorker } from './shop.ts';

let monolith: PostgresServer;
beforeAll(async () => {
  monolith = await startPostgres();
});
afterAll(async () => monolith?.stop());

describe('a monolith that was restored from a copy of its data folder', () => {
  test.each(['same timeline', 'promoted'] as const)(
    '%s: the worker stops with a code before it applies or skips anything',
    async (how) => {
      await using opened = await openShop({ monolith });
      const first = startWorker(opened);
      await caughtUp(opened, 'forward');
      const copy = await copyServer(monolith);
      let shop = await reconnected(opened);
      await shop.monolith.query(insert(1001, 1200));
      await caughtUp(shop, 'forward');
      await first.stop();
      const before = await targetState(shop);
      await copy.putBack(how);
      shop = await reconnected(opened);
      await shop.monolith.query(insert(2001, 2100));
      await shop.monolith.query(`UPDATE products SET name = 'changed' WHERE id <= 5`);
      await pastPosition(shop);

      const second = startWorker(shop);
      expect(await endOf(second, shop)).toBe('HISTORY_CHANGED');
      expect(await targetState(shop)).toEqual(before);
      const detail = (await shop.control.watermarks.get('goods', 'forward'))?.detail;
      expect(detail).toMatchObject({ code: 'HISTORY_CHANGED', retrying: false });
      expect(String(detail?.['remedy'])).toContain('strangler replicate goods --restart');
      await shop.monolith.end();
    },
  );

  test('goes unnoticed only where the position belongs to no history: an older release stored it', async () => {
    await using opened = await openShop({ monolith });
    const first = startWorker(opened);
    await caughtUp(opened, 'forward');
    const copy = await copyServer(monolith);
    let shop = await reconnected(opened);
    await shop.monolith.query(insert(1001, 1200));
    await caughtUp(shop, 'forward');
    await first.stop();
    await shop.service.query('UPDATE strangler.streams SET history = NULL');
    await copy.putBack('same timeline');
    shop = await reconnected(opened);
    await shop.monolith.query(insert(2001, 2100));
    await pastPosition(shop);
    expect(await endOf(startWorker(shop), shop)).toBe('caught up');
    const sides = await bothSides(shop);
    expect(sides.service).not.toBe(sides.monolith);
    await shop.monolith.end();
  });

  test('is found out by a worker that was not stopped meanwhile', async () => {
    await using opened = await openShop({ monolith });
    const worker = startWorker(opened);
    await caughtUp(opened, 'forward');
    const copy = await copyServer(monolith);
    let shop = await reconnected(opened);
    await shop.monolith.query(insert(1001, 1200));
    await caughtUp(shop, 'forward');
    await copy.putBack('promoted');
    shop = await reconnected(opened);
    expect(await worker.ended).toBe('HISTORY_CHANGED');
    await shop.monolith.end();
  });

  test('is found out although it wrote marks of its own since', async () => {
    await using opened = await openShop({ monolith });
    const first = startWorker(opened);
    await caughtUp(opened, 'forward');
    const copy = await copyServer(monolith);
    let shop = await reconnected(opened);
    await shop.monolith.query(insert(1001, 1200));
    await caughtUp(shop, 'forward');
    await first.stop();
    await copy.putBack('same timeline');
    shop = await reconnected(opened);
    await shop.monolith.query('UPDATE strangler.marks SET number = number + 100000');
    await shop.monolith.query(
      `INSERT INTO strangler.marks (context, direction, line, number)
       SELECT context, direction, gen_random_uuid(), 100000 FROM strangler.marks LIMIT 1`,
    );
    await pastPosition(shop);
    expect(await endOf(startWorker(shop), shop)).toBe('HISTORY_CHANGED');
    await shop.monolith.end();
  });
});

test('a monolith that goes on from a copy of all it had goes on: it was moved, not set back', async () => {
  await using opened = await openShop({ monolith });
  const first = startWorker(opened);
  await caughtUp(opened, 'forward');
  await opened.monolith.query(insert(1001, 1200));
  await caughtUp(opened, 'forward');
  await first.stop();
  const copy = await copyServer(monolith);
  let shop = await reconnected(opened);
  await copy.putBack('promoted');
  shop = await reconnected(opened);
  await shop.monolith.query(insert(2001, 2100));
  const second = startWorker(shop);
  await caughtUp(shop, 'forward');
  await second.stop();
  expect((await shop.service.query('SELECT count(*)::text AS n FROM goods')).rows).toEqual([
    { n: '800' },
  ]);
  const row = await readStreamRow(shop.service, 'goods', 'forward');
  expect(row?.history?.timeline).toBeGreaterThan(1);
  await shop.monolith.end();
});

test('a monolith that is still in recovery is waited for', async () => {
  const server = await startPostgres();
  try {
    await using opened = await openShop({ monolith: server });
    await using worker = startWorker(opened);
    await caughtUp(opened, 'forward');
    await server.crash();
    await writeFile(join(server.dataDir, 'standby.signal'), '');
    await server.restart();
    const seen = worker.progress.length;
    const refusal = (): WorkerProgress | undefined =>
      worker.progress.slice(seen).find(({ message }) => /read-only|recover/.test(message ?? ''));
    await until('it met the server in recovery', () =>
      Promise.race([worker.ended.then(() => true), Promise.resolve(refusal() !== undefined)]),
    );
    expect(refusal()).toMatchObject({ phase: 'failed', retrying: true });
    const shop = await reconnected(opened);
    await shop.monolith.query('SELECT pg_promote()');
    await shop.monolith.query(insert(2001, 2100));
    await caughtUp(shop, 'forward');
    expect(await bothSides(shop).then((sides) => sides.service === sides.monolith)).toBe(true);
    await shop.monolith.end();
  } finally {
    await server.stop();
  }
});

test('a service that owns and was set back stops the stream to the monolith', async () => {
  const service = await startPostgres();
  try {
    await using opened = await openShop({ service });
    const first = startWorker(opened);
    await caughtUp(opened, 'forward');
    await flip(opened, 'service');
    await caughtUp(opened, 'reverse');
    const copy = await copyServer(service);
    const again = async (): Promise<Shop> => ({
      ...opened,
      service: await connect(opened.serviceUrl, { applicationName: 'test' }),
    });
    let shop = await again();
    await shop.service.query(`UPDATE goods SET title = 'lost' WHERE good_id <= 200`);
    await caughtUp(shop, 'reverse');
    await first.stop();
    await copy.putBack('same timeline');
    shop = await again();
    await shop.service.query(`UPDATE goods SET title = 'skipped' WHERE good_id > 400`);
    await shop.service.query('SELECT pg_switch_wal()');
    await shop.service.query(`SELECT pg_logical_emit_message(false, 'test', repeat('x', 3000000))`);
    expect(await startWorker(shop).ended).toBe('HISTORY_CHANGED');
    expect(
      (await shop.monolith.query(`SELECT FROM products WHERE name = 'skipped'`)).rows,
    ).toHaveLength(0);
    await shop.service.end();
  } finally {
    await service.stop();
  }
});

test('a service that was restored from a backup stops the stream to it: what it lost is behind the slot', async () => {
  const service = await startPostgres();
  try {
    await using opened = await openShop({ service });
    const first = startWorker(opened);
    await caughtUp(opened, 'forward');
    const copy = await copyServer(service);
    await caughtUp(opened, 'forward');
    await opened.monolith.query(insert(1001, 1200));
    await caughtUp(opened, 'forward');
    await first.stop();
    await copy.putBack('same timeline');
    expect(await endOf(startWorker(opened), opened)).toBe('POSITION_GAP');
  } finally {
    await service.stop();
  }
});
