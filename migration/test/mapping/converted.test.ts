import { expect, test } from '@jest/globals';
import { copyFormat } from '../../src/copy/copy-format.ts';
import { loadMapping } from '../../src/mapping/load.ts';
import { runWorker } from '../../src/worker/index.ts';
import { caughtUp, startWorker } from '../worker/shop.ts';
import { expectNamed, openConverted, expectBothWays } from './converted.ts';

test('converted columns and keys are copied, streamed, compared and come back', async () => {
  await using shop = await openConverted();
  const mapping = await loadMapping(shop.definition, shop.monolith, shop.service);
  // the enum alone has no binary form that both servers know
  expect(mapping.tables.map(({ parts: [part] }) => copyFormat(part).binary)).toEqual([false]);
  await shop.monolith.query('ALTER TABLE accounts ALTER mood TYPE text');
  const binary = await loadMapping(shop.definition, shop.monolith, shop.service);
  expect(binary.tables.map(({ parts: [part] }) => copyFormat(part).binary)).toEqual([true]);
  await expectBothWays(shop);
});

test('an enum is copied with them, as text', async () => {
  await using shop = await openConverted();
  await expectBothWays(shop);
});

test('what has no exact way back waits, and is named by the comparison', async () => {
  await using shop = await openConverted();
  await expectNamed(shop);
});

test('the copy stops at such a value, with column, line and value', async () => {
  await using shop = await openConverted();
  await shop.monolith.query(`UPDATE accounts SET at = at + interval '1 ms' WHERE fee = 1`);
  await expect(runWorker({ ...shop, signal: AbortSignal.timeout(120_000) })).rejects.toMatchObject({
    code: 'VALUE_INEXACT',
    message: expect.stringMatching(
      /goods: tables\[0\]\.service\[0\]\.columns\.at: public\.accounts\.at '1968-05-01 00:00:00\.001\+00' is no whole number of seconds/,
    ),
  });
});

test('the copy stops at a value that the other column is too small for, and names both', async () => {
  await using shop = await openConverted();
  await shop.service.query('ALTER TABLE holders ALTER fee_cents TYPE smallint');
  await shop.monolith.query('UPDATE accounts SET fee = 327.68 WHERE fee = 1');
  await expect(runWorker({ ...shop, signal: AbortSignal.timeout(120_000) })).rejects.toMatchObject({
    code: 'VALUE_INEXACT',
    message: expect.stringMatching(
      /columns\.fee: public\.accounts\.fee '327\.68' .* more than public\.holders\.fee_cents \(smallint\) holds/,
    ),
  });
});

test('a column that becomes what its conversion does not take stops the worker', async () => {
  await using shop = await openConverted();
  await using worker = startWorker(shop);
  await caughtUp(shop, 'forward');
  await shop.monolith.query(`ALTER TABLE accounts ALTER cents TYPE numeric`);
  await shop.monolith.query(`UPDATE accounts SET cents = cents + 1`);
  expect(await worker.ended).toBe('SCHEMA_CHANGED');
});
