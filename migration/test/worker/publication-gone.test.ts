import { expect, test } from '@jest/globals';
import { caughtUp, openShop, startWorker } from './shop.ts';

// A server since 18 skips a publication that does not exist with a warning in its own log, and with it every change.
test.each(['forward'] as const)(
  'a publication that is dropped while the worker streams (%s) stops it: changes would be skipped without a word',
  async (direction) => {
    await using shop = await openShop();
    await using worker = startWorker(shop);
    await caughtUp(shop, direction);
    const { rows } = await shop.monolith.query<{ pubname: string }>(
      'SELECT pubname FROM pg_publication',
    );
    expect(rows).toHaveLength(1);
    await shop.monolith.query(`DROP PUBLICATION ${rows[0]!.pubname}`);
    await shop.monolith.query(`UPDATE products SET name = 'nobody hears of it' WHERE id = 1`);
    expect(await worker.ended).toBe('SLOT_LOST');
    const watermark = await shop.control.watermarks.get('goods', direction);
    expect(watermark).toMatchObject({ state: 'failed', detail: { code: 'SLOT_LOST' } });
  },
);
