import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { forgetCopyMark } from '../../src/copy/index.ts';
import { prepareTarget } from '../../src/copy/prepare-target.ts';
import { connect } from '../../src/database/connect.ts';
import { type Pair, testPair } from './pair.ts';

let pair: Pair;
beforeEach(async () => {
  pair = await testPair(
    'copy_fence',
    'CREATE TABLE products (id bigint PRIMARY KEY, big text)',
    'CREATE TABLE items (id bigint PRIMARY KEY, big text)',
    [{ monolith: 'products', service: [{ table: 'items', columns: { id: 'id', big: 'big' } }] }],
  );
  await pair.monolith.client.query(
    `INSERT INTO products SELECT g, repeat(md5(g::text), 50) FROM generate_series(1, 60000) g`,
  );
});
afterEach(async () => {
  await pair.close();
});
const count = async (): Promise<string | undefined> =>
  (await pair.service.client.query<{ count: string }>('SELECT count(*) FROM items')).rows[0]?.count;

describe('two that copy the same context', () => {
  test("a copy that is overtaken is waited for, writes no row into its successor's tables, and says who it was", async () => {
    const successor = await connect(pair.service.url, { applicationName: 'test-successor' });
    const mark = { context: 'shop', copier: randomUUID() };
    // its first ranges wait here, with their tables emptied
    await pair.service.client
      .query(`CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END';
      CREATE TRIGGER gate BEFORE INSERT ON items EXECUTE FUNCTION gate(); ALTER TABLE items ENABLE ALWAYS TRIGGER gate;
      SELECT pg_advisory_lock(1)`);
    const waits = (name: string) => async (): Promise<string | undefined> =>
      (
        await pair.service.client.query<{ kind: string }>(
          `SELECT locktype AS kind FROM pg_locks JOIN pg_stat_activity USING (pid)
            WHERE NOT granted AND datname = current_database() AND application_name = $1`,
          [name],
        )
      ).rows[0]?.kind;
    const copying = pair.copy().catch((error: unknown) => error);
    await until('a range is under way', waits('strangler-copy'));
    const overtaking = prepareTarget(successor, pair.mapping, mark, false);
    // for the range, not for the table, which it might get before a range that is about to begin
    expect(await until('the successor waits', waits('test-successor'))).toBe('advisory');
    await pair.service.client.query('SELECT pg_advisory_unlock(1)');
    expect(await copying).toMatchObject({
      code: 'LEASE_LOST',
      message: expect.stringContaining('shop'),
    });
    await overtaking;
    expect(await count()).toBe('0');
    // the successor's own way to the end is open
    await forgetCopyMark(successor, mark);
    await successor.end();
  });

  test('who had its tables emptied by another cannot call them replicated', async () => {
    const { mark, rows } = await pair.copy();
    expect(rows).toBe(60_000);
    await prepareTarget(
      pair.service.client,
      pair.mapping,
      { context: 'shop', copier: randomUUID() },
      false,
    );
    await expect(forgetCopyMark(pair.service.client, mark)).rejects.toMatchObject({
      code: 'LEASE_LOST',
    });
    expect(await count()).toBe('0');
  });

  test('after the first position is stored no copy of before writes or empties anything', async () => {
    const { mark } = await pair.copy();
    await forgetCopyMark(pair.service.client, mark);
    await expect(forgetCopyMark(pair.service.client, mark)).rejects.toMatchObject({
      code: 'LEASE_LOST',
    });
    await expect(
      prepareTarget(
        pair.service.client,
        pair.mapping,
        { context: 'shop', copier: randomUUID() },
        false,
      ),
    ).rejects.toMatchObject({ code: 'TARGET_NOT_EMPTY' });
    expect(await count()).toBe('60000');
  });
});
