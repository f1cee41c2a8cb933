import { describe, expect, test } from '@jest/globals';
import { listDeadLetters } from '../../src/replica/dead-letters.ts';
import { readStreamRow } from '../../src/replica/streams.ts';
import { connect } from '../../src/database/connect.ts';
import { loadMapping } from '../../src/mapping/load.ts';
import { repair, type RepairResult } from '../../src/verify/index.ts';
import { ownerRow } from '../../src/verify/owner-rows.ts';
import { bothSides, caughtUp, flip, openShop, type Shop, startWorker } from './shop.ts';

async function repairRows(
  shop: Shop,
  direction: 'forward' | 'reverse',
  ids: readonly number[],
): Promise<RepairResult> {
  const target = direction === 'forward' ? shop.service : shop.monolith;
  return repair({
    mapping: await loadMapping(shop.definition, shop.monolith, shop.service),
    monolithUrl: shop.monolithUrl,
    serviceUrl: shop.serviceUrl,
    direction,
    keys: ids.map((id) => ({ table: 'public.products', key: [String(id)] })),
    appliedPosition: async () => (await readStreamRow(target, 'goods', direction))?.position ?? 0n,
  });
}

describe('repairing rows', () => {
  test('sees of the owner, whichever side that is, that a row was written in any of its parts, and that it is gone', async () => {
    await using shop = await openShop();
    await shop.service.query(`INSERT INTO goods (good_id, title, state) VALUES (1, 'one', 'active');
      INSERT INTO good_prices (good_id, amount, currency) VALUES (1, 1, 'EUR')`);
    const [table] = (await loadMapping(shop.definition, shop.monolith, shop.service)).tables;
    if (table === undefined) throw new Error('a table');
    for (const [side, writes, gone] of [
      ['monolith', [`UPDATE products SET name = 'x' WHERE id = 1`], 'DELETE FROM products'],
      [
        'service',
        [
          `UPDATE goods SET title = title WHERE good_id = 1`,
          `UPDATE good_prices SET amount = amount WHERE good_id = 1`,
        ],
        'DELETE FROM goods WHERE good_id = 1',
      ],
    ] as const) {
      const version = async () => (await ownerRow(shop[side], table, side, ['1']))?.version;
      const seen = [await version()];
      expect([await version(), typeof seen[0]]).toEqual([seen[0], 'string']);
      for (const write of writes) {
        await shop[side].query(write);
        seen.push(await version());
      }
      expect(new Set(seen).size).toBe(1 + writes.length);
      await shop[side].query(gone);
      expect(await ownerRow(shop[side], table, side, ['1'])).toBeNull();
    }
  });

  test('drops the dead letters of a row that is whole again, with the reason, and keeps those of others', async () => {
    await using shop = await openShop();
    await using worker = startWorker(shop);
    try {
      await caughtUp(shop, 'forward');
      await shop.monolith.query('UPDATE products SET price = 500000 WHERE id IN (7, 8)');
      await caughtUp(shop, 'forward');
      await shop.monolith.query('UPDATE products SET price = 3 WHERE id IN (7, 8)');
      await caughtUp(shop, 'forward');
      expect(await listDeadLetters(shop.service, { context: 'goods' })).toHaveLength(4);
      const result = await repairRows(shop, 'forward', [7]);
      expect(result.deadLettersDropped).toHaveLength(2);
      expect(
        (await listDeadLetters(shop.service, { context: 'goods' })).map(({ key }) => key),
      ).toEqual([{ id: '8' }, { id: '8' }]);
      expect(
        (await listDeadLetters(shop.service, { context: 'goods', state: 'all' }))
          .filter(({ state }) => state === 'dropped')
          .map(({ error }) => error.endsWith('as its owner has it]')),
      ).toEqual([true, true]);
      // its later changes pass again
      await shop.monolith.query(`UPDATE products SET name = 'free' WHERE id = 7`);
      await repairRows(shop, 'forward', [8]);
      await caughtUp(shop, 'forward');
      const sides = await bothSides(shop);
      expect(sides.service).toBe(sides.monolith);
    } finally {
      await worker.stop();
    }
  });

  test.each(['forward', 'reverse'] as const)(
    '%s, while the rows are written again and again: the newest value stays',
    async (direction) => {
      await using shop = await openShop();
      await using worker = startWorker(shop);
      try {
        await caughtUp(shop, 'forward');
        if (direction === 'reverse') {
          await flip(shop, 'service');
          await caughtUp(shop, 'reverse');
        }
        const [owner, other, break_] =
          direction === 'forward'
            ? [
                shop.monolithUrl,
                shop.service,
                `SET session_replication_role = replica; UPDATE goods SET title = 'broken' WHERE good_id <= 10; RESET session_replication_role`,
              ]
            : [
                shop.serviceUrl,
                shop.monolith,
                `SET session_replication_role = replica; UPDATE products SET name = 'broken' WHERE id <= 10; RESET session_replication_role`,
              ];
        await other.query(break_);
        const writer = await connect(owner, { applicationName: 'writer' });
        let writing = true;
        const writes = (async () => {
          for (let round = 0; writing; round += 1) {
            const id = 1 + (round % 5);
            await writer.query(
              direction === 'forward'
                ? `UPDATE products SET name = 'w${round}' WHERE id = ${id}`
                : `UPDATE goods SET title = 'w${round}' WHERE good_id = ${id}`,
            );
            await new Promise((resolve) => {
              setTimeout(resolve, 2);
            });
          }
        })();
        try {
          const { repaired, unsettled } = await repairRows(
            shop,
            direction,
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
          );
          expect(repaired.length).toBeGreaterThanOrEqual(5);
          expect(repaired.length + unsettled.length).toBe(10);
        } finally {
          writing = false;
          await writes;
          await writer.end();
        }
        await caughtUp(shop, direction);
        const sides = await bothSides(shop);
        expect(sides.service).toBe(sides.monolith);
      } finally {
        await worker.stop();
      }
    },
  );
});
