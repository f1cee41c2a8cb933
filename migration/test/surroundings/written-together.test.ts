import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { connect } from '../../src/database/connect.ts';
import { gatherFacts } from '../../src/steps/gate-facts.ts';
import { Toolkit } from '../../src/steps/toolkit.ts';
import { writtenTogether } from '../../src/steps/written-together.ts';
import { watchLog } from '../../src/stream/source/watch-log.ts';
import { cli, json } from '../support/cli.ts';
import { openScene, type Scene, shop } from '../support/scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene('together');
  await scene.sql(
    scene.monolith,
    `CREATE SCHEMA "Old, shop";
     CREATE TABLE "Old, shop"."Order.Lines: INSERT" (product_id bigint, note text);
     CREATE TABLE visits (at date, product_id bigint) PARTITION BY RANGE (at);
     CREATE TABLE visits_now PARTITION OF visits FOR VALUES FROM ('2020-01-01') TO ('2100-01-01');
     CREATE TABLE audit (what text);
     CREATE TABLE carts (product_id bigint);
     CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN INSERT INTO audit VALUES (TG_OP); RETURN NULL; END $$;
     CREATE TRIGGER audited AFTER DELETE ON products FOR EACH ROW EXECUTE FUNCTION audited()`,
  );
});
afterAll(() => scene?.close());

/** Runs statements, a transaction each, while the log is watched, until `total` writes of products were seen in all. */
async function watching(statements: readonly string[], total: number): Promise<void> {
  const stop = new AbortController();
  await using kit = new Toolkit({ env: scene.env, signal: stop.signal });
  const ended = writtenTogether(kit, { context: 'catalog', side: 'monolith', seconds: 3600 }).then(
    () => 'came to its end',
    (error: unknown) => error,
  );
  const slots = () =>
    scene.sql(
      scene.monolith,
      `SELECT FROM pg_replication_slots WHERE slot_name LIKE 'strangler_watch_%'
          AND database = current_database() AND confirmed_flush_lsn IS NOT NULL`,
    );
  await until('the log is watched', async () => (await slots()).length === 1);
  for (const statement of statements) await scene.sql(scene.monolith, statement);
  const { together } = await kit.control();
  const seen = async () =>
    (await together.seen('catalog', 'monolith')).find(
      ({ table, other }) => table === 'products' && other === null,
    )?.transactions ?? 0;
  await until('all writes were counted', async () => (await seen()) >= total);
  stop.abort();
  await expect(ended).resolves.toMatchObject({ code: 'CANCELLED' });
  await until('its slot is gone', async () => (await slots()).length === 0);
}

const change = (id: number): string => `UPDATE products SET name = 'changed' WHERE id = ${id}`;
const look = async () => {
  const result = await cli(['written-together', 'catalog', '--json'], scene.env);
  const { pairs, ...rest } = json<{
    pairs: { other: string; frequency: string; reason: string | null }[];
    tables: string[];
    watchedSeconds: number;
  }>(result);
  return { code: result.code, pairs, ...rest };
};

test('what one transaction writes across the border is counted from the log, whoever wrote it and whatever it is called', async () => {
  const text = await cli(['written-together', 'catalog'], scene.env);
  expect([text.code, text.stdout]).toEqual([0, expect.stringContaining('was never watched')]);
  await watching(
    [
      change(1),
      `BEGIN; ${change(2)}; INSERT INTO "Old, shop"."Order.Lines: INSERT" VALUES (2, ', public.carts: UPDATE: "'); COMMIT`,
      `BEGIN; ${change(3)}; INSERT INTO visits VALUES ('2026-01-01', 3); COMMIT`,
      `BEGIN; ${change(4)}; INSERT INTO visits VALUES ('2026-01-02', 4); COMMIT`,
      // rolled back, together with nobody, in two transactions
      `BEGIN; ${change(5)}; INSERT INTO carts VALUES (5); ROLLBACK`,
      'INSERT INTO carts VALUES (6)',
      // what replication writes is nobody's transaction
      `BEGIN; SELECT pg_replication_origin_create('together_' || current_database());
       SELECT pg_replication_origin_session_setup('together_' || current_database());
       ${change(7)}; INSERT INTO carts VALUES (7); COMMIT`,
      `SELECT pg_replication_origin_drop('together_' || current_database())`,
      'DELETE FROM products WHERE id = 8',
    ],
    5,
  );
  const { code, pairs, tables, watchedSeconds } = await look();
  expect(code).toBe(3);
  expect(tables).toEqual(['products']);
  expect(watchedSeconds).toBeGreaterThan(0);
  expect(pairs.map(({ frequency, reason }) => [frequency, reason])).toEqual([
    ['2 of 5 transactions that wrote products wrote visits as well', null],
    [
      '1 of 5 transactions that wrote products wrote "Old, shop"."Order.Lines: INSERT" as well',
      null,
    ],
    ['1 of 5 transactions that wrote products wrote audit as well', null],
  ]);
});

test('watches add up; a truncation counts as a write of all its tables', async () => {
  await watching(['BEGIN; TRUNCATE products, visits, carts; COMMIT'], 6);
  const { pairs } = await look();
  expect(pairs.slice(0, 1).map(({ frequency }) => frequency)).toEqual([
    '3 of 6 transactions that wrote products wrote visits as well',
  ]);
  expect(pairs.map(({ other }) => other)).toContain('carts');
});

const decisions = async () => {
  await using kit = new Toolkit({ env: scene.env, signal: new AbortController().signal });
  const { decisions: finding } = await gatherFacts(kit, await kit.definition('catalog'), 'cutover');
  return finding;
};

test('the gate and doctor want a decision for each, by the line that the remedy names', async () => {
  expect(await decisions()).toMatchObject({
    problem: expect.stringContaining('wrote visits as well'),
    remedy: expect.stringContaining("writtenTogether.monolith['visits']: { reason: "),
  });
  const reasons = Object.fromEntries(
    ['visits', 'carts', 'audit', 'Old, shop."Order.Lines: INSERT"'].map((name) => [
      name,
      { reason: `Why ${name}.` },
    ]),
  );
  const triggers = { monolith: { 'products.audited': { onApply: 'accept', reason: 'Told.' } } };
  const decided = { ...shop, triggers, writtenTogether: { monolith: reasons } };
  await writeFile(join(scene.dir, 'catalog.json'), JSON.stringify(decided));
  expect(await decisions()).toBe(true);
  const { checks } = json<{ checks: { check: string; ok: boolean; actual: string }[] }>(
    await cli(['doctor', 'catalog', '--json'], scene.env),
  );
  expect(checks.filter(({ check }) => check.startsWith('written together'))).toMatchObject([
    { check: 'written together', actual: expect.stringMatching(/^the monolith's log was watched/) },
    { check: 'written together: visits', ok: true },
    { ok: true },
    { ok: true },
    { ok: true },
  ]);
  expect(await look()).toMatchObject({
    code: 0,
    pairs: [{}, {}, {}, { reason: expect.any(String) }],
  });
});

test('more log than a server may put together at once ends the watch with its code; what was counted stays', async () => {
  const client = await connect(scene.monolith.url, { applicationName: 'test' });
  try {
    const log = await watchLog(client, { largestLookBytes: 2_000_000 });
    await scene.sql(scene.monolith, `INSERT INTO carts SELECT 1 FROM generate_series(1, 100)`);
    expect(await log.look()).toEqual([[{ schema: 'public', table: 'carts' }]]);
    await scene.sql(
      scene.monolith,
      `INSERT INTO audit SELECT repeat('x', 5000) FROM generate_series(1, 40000)`,
    );
    await expect(log.look()).rejects.toMatchObject({ code: 'LOG_TOO_LONG' });
  } finally {
    await client.end();
  }
});

test('after a change of the application earlier watches can be forgotten', async () => {
  await cli(['written-together', 'catalog', '--forget'], scene.env);
  expect(await look()).toMatchObject({ code: 0, pairs: [], watchedSeconds: 0 });
});
