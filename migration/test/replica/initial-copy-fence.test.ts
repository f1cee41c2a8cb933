import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
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
  test("a copy that was overtaken writes no row into its successor's tables, and says who it was", async () => {
    const successor = await connect(pair.service.url, { applicationName: 'test-successor' });
    const mark = { context: 'shop', copier: randomUUID() };
    let overtaking: Promise<void> | undefined;
    await expect(
      pair.copy({
        onProgress: () => void (overtaking ??= prepareTarget(successor, pair.mapping, mark, false)),
      }),
    ).rejects.toMatchObject({ code: 'LEASE_LOST', message: expect.stringContaining('shop') });
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
