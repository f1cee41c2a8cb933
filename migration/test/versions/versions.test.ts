import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { bothSides, type Direction, type Side } from '@strangler-toolkit/plan';
import { type Control, openControl } from '../../src/control/index.ts';
import { cli, json, type RunningCli, startCli } from '../support/cli.ts';
import { openPlace, type Place } from './place.ts';
import { attempt, fillLarge, strays } from '../worker/large-shop.ts';
import { caughtUp, openShop, startWorker } from '../worker/shop.ts';
import { toCanary } from '../support/to-canary.ts';

/** A workflow names a major, which then takes both parts; else the two oldest that are promised, each in its part. */
const { TEST_POSTGRES_MAJORS: named } = process.env;
const legs: readonly (readonly [number, Side])[] = named
  ? named.split(',').flatMap((major) => bothSides.map((side) => [Number(major), side] as const))
  : [
      [13, 'monolith'],
      [15, 'service'],
    ];

describe.each(legs)('PostgreSQL %i as the %s', (major, older) => {
  let place: Place;
  let control: Control;
  let worker: RunningCli | undefined;

  beforeAll(async () => {
    place = await openPlace(major, older);
    control = await openControl(place.controlUrl);
  });
  afterAll(async () => {
    worker?.child.kill('SIGKILL');
    await worker?.done;
    await control?.close();
    await place?.close();
  });

  const run = async (...args: string[]): Promise<Record<string, unknown>> => {
    const result = await cli([...args, '--json'], place.env);
    if (result.code !== 0)
      throw new Error(
        `strangler ${args.join(' ')} exited ${result.code}: ${result.stdout} ${result.stderr}`,
      );
    return json(result);
  };
  const followed = (direction: Direction): Promise<unknown> =>
    until(`the worker follows ${direction}`, async () => {
      const row = await control.contexts.require('shop');
      const watermark = await control.watermarks.get('shop', direction);
      return (
        watermark?.workerAlive && watermark.state === 'caught-up' && watermark.epoch === row.epoch
      );
    });
  const equal = (): Promise<unknown> =>
    until('both sides are equal', async () => {
      const [monolith, service] = [await place.rows('monolith'), await place.rows('service')];
      return JSON.stringify(monolith) === JSON.stringify(service);
    });
  const refused = (side: Side, statement: string): Promise<string> =>
    place.sql(side, statement).then(
      () => 'accepted',
      (error: unknown) => String((error as { code?: unknown }).code),
    );

  test('doctor has nothing against it', async () => {
    const result = await cli(['doctor', 'shop', '--json'], place.env);
    const { checks } = json<{ checks: { check: string; ok: boolean; actual: string }[] }>(result);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks).toContainEqual(
      expect.objectContaining({ check: `${older} version`, actual: String(major) }),
    );
  });

  if (major < 14 && older === 'monolith')
    test('its copy is not paced: each small range would read the whole table', async () => {
      const result = await cli(['replicate', 'shop', '--max-rate', '5MB'], place.env);
      expect(result.code).not.toBe(0);
      expect(`${result.stdout}${result.stderr}`).toContain('DB_VERSION');
      expect(await control.contexts.get('shop')).toBeUndefined();
    });

  if (older === 'monolith')
    test('a copy that is cut off goes on with what is not there yet', async () => {
      await using shop = await openShop({ monolith: place.server });
      await fillLarge(shop, 3000);
      const change = (n: number): Promise<unknown> =>
        shop.monolith.query(`
          UPDATE products SET status = 'off', price = price + ${n} WHERE id % 7 = ${n};
          UPDATE products SET description = repeat(md5('${n}'), 90) WHERE id % 100 = ${n};
          UPDATE products SET id = id + 10000 WHERE id % 50 = ${n};
          DELETE FROM products WHERE id % 31 = ${n};
          INSERT INTO products SELECT m, 'new', 'on', 1, NULL, NULL, 0 FROM generate_series(${20_000 + n * 100}, ${20_050 + n * 100}) m`);
      for (const n of [1, 2]) {
        await attempt(shop, async () => {
          expect((await strays(shop)).wrong).toEqual([]);
          await change(n);
        });
        await change(n + 2);
      }
      await using resumed = startWorker(shop);
      await caughtUp(shop, 'forward');
      expect(resumed.notes).toEqual([expect.stringMatching(/goes on with the copy/)]);
      expect(await strays(shop)).toEqual({ wrong: [], missing: [] });
    });

  test('rows are copied and followed: inserts, updates, deletes, changed keys, truncation', async () => {
    await run('replicate', 'shop', '--until-caught-up');
    worker = startCli(['replicate', 'shop'], place.env);
    await followed('forward');
    await equal();
    await place.sql(
      'monolith',
      `BEGIN;
       INSERT INTO products (name, price, labels) VALUES ('new', 0.10, '{}'), ('newer', NULL, NULL);
       UPDATE products SET price = price + 1 WHERE id % 5 = 0;
       UPDATE products SET id = 5000 WHERE id = 10;
       DELETE FROM products WHERE id BETWEEN 20 AND 24;
       INSERT INTO events VALUES (100, 2025, 'late');
       UPDATE events SET year = 2026 WHERE id = 2;
       DELETE FROM events WHERE id = 4;
       TRUNCATE visits;
       INSERT INTO visits VALUES (1, 'again');
       COMMIT`,
    );
    await equal();
    expect(await place.sql('service', 'SELECT id, page FROM views')).toEqual([
      { id: 1, page: 'again' },
    ]);
  });

  /** As another subscription's worker would: the origin is that of the session when the transaction commits. */
  const foreign = async (side: Side, statement: string): Promise<void> => {
    const name = `'another_subscription'`;
    await place.sql(
      side,
      `SELECT pg_replication_origin_create(${name}) WHERE pg_replication_origin_oid(${name}) IS NULL`,
    );
    await place.sql(side, `SELECT pg_replication_origin_session_setup(${name})`);
    await place.sql(side, statement);
    await place.sql(side, 'SELECT pg_replication_origin_session_reset()');
  };

  test('what other replication writes is not sent on', async () => {
    await foreign('monolith', `INSERT INTO products (id, name) VALUES (9001, 'replicated')`);
    await place.sql('monolith', `INSERT INTO products (id, name) VALUES (9002, 'written')`);
    await until(
      'the row that was written arrives',
      async () => (await place.sql('service', 'SELECT FROM items WHERE id = 9002')).length === 1,
    );
    expect(await place.sql('service', 'SELECT FROM items WHERE id = 9001')).toEqual([]);
    await foreign('monolith', 'DELETE FROM products WHERE id = 9001');
    expect(await run('verify', 'shop')).toMatchObject({ differences: 0 });
  });

  // Versions 14 and 15 do not say that there was an origin.
  if (major !== 14 && major !== 15)
    test('nor what a subscription wrote that is gone since', async () => {
      worker?.child.kill('SIGTERM');
      await worker?.done;
      await foreign('monolith', `INSERT INTO products (id, name) VALUES (9003, 'replicated')`);
      await place.sql('monolith', `SELECT pg_replication_origin_drop('another_subscription')`);
      await place.sql('monolith', `INSERT INTO products (id, name) VALUES (9004, 'written')`);
      worker = startCli(['replicate', 'shop'], place.env);
      await until(
        'the row that was written arrives',
        async () => (await place.sql('service', 'SELECT FROM items WHERE id = 9004')).length === 1,
      );
      expect(await place.sql('service', 'SELECT FROM items WHERE id = 9003')).toEqual([]);
      await foreign('monolith', 'DELETE FROM products WHERE id = 9003');
      expect(await run('verify', 'shop')).toMatchObject({ differences: 0 });
    });

  test('the service takes over, and its changes come back', async () => {
    await toCanary(control, 'shop');
    // Another mode of the fence makes way for that of the cutover.
    await run('fence', 'audit', 'shop', 'on');
    expect(await run('cutover', 'shop', '--yes', '--no-facade')).toMatchObject({
      owner: 'service',
    });
    expect(await refused('monolith', `UPDATE products SET name = 'x' WHERE id = 1`)).toBe('SF001');
    expect(await refused('monolith', `INSERT INTO events_2026 VALUES (7000, 2026)`)).toBe('SF001');
    await followed('reverse');
    await place.sql(
      'service',
      `BEGIN;
       INSERT INTO items (title, price) VALUES ('of the service', 12.5);
       UPDATE items SET price = price + 1 WHERE id % 5 = 0;
       DELETE FROM items WHERE id BETWEEN 30 AND 34;
       UPDATE event_log SET year = 2025 WHERE id = 2;
       TRUNCATE views;
       COMMIT`,
    );
    await equal();
    expect(await run('verify', 'shop')).toMatchObject({ differences: 0 });
  });

  test('and gives it back', async () => {
    expect(await run('rollback', 'shop', '--yes', '--no-facade')).toMatchObject({
      owner: 'monolith',
    });
    expect(await refused('service', `UPDATE items SET title = 'x'`)).toBe('SF001');
    await followed('forward');
    await place.sql('monolith', `INSERT INTO products (name) VALUES ('after all')`);
    await place.sql('monolith', `UPDATE events SET text = 'once more' WHERE year = 2026`);
    await equal();
    expect(await run('verify', 'shop')).toMatchObject({ differences: 0 });
  });
});
