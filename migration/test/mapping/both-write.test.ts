import { expect, test } from '@jest/globals';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { loadMapping } from '../../src/mapping/load.ts';
import { chooseTransport } from '../../src/stream/choose-transport.ts';
import { startWorker } from '../worker/shop.ts';
import { expectBesideAMove, expectBothWrite, openBothWrite } from './both-write.ts';

const embedded = async (definition: MigrationDefinition) => chooseTransport(definition, {});

test('a table that both sides write gets the rows of both, and neither writes those of the other', async () => {
  await using pair = await openBothWrite(embedded);
  await expectBothWrite(pair);
});

test('it goes on while a context beside it changes its owner, there and back', async () => {
  await using pair = await openBothWrite(embedded);
  await expectBesideAMove(pair);
});

test('rows that stand in the name of the other side, and a key that does not tell whose a row is, stop by name', async () => {
  await using pair = await openBothWrite(embedded);
  const { monolith, back } = pair;
  await monolith.query(`ALTER TABLE audit_log DISABLE TRIGGER ALL;
    INSERT INTO audit_log OVERRIDING SYSTEM VALUE VALUES ('service', 1, 'forged');
    ALTER TABLE audit_log ENABLE TRIGGER ALL`);
  {
    await using worker = startWorker(back);
    expect(await worker.ended).toBe('TARGET_NOT_EMPTY');
    expect(await worker.told).toContain(
      'audit_log of the service has rows where origin = service, which the other side alone may write',
    );
  }
  const { rowCount } = await monolith.query('SELECT FROM audit_log');
  expect(rowCount).toBe(51);
  await monolith.query(`ALTER TABLE audit_log DISABLE TRIGGER ALL;
    DELETE FROM audit_log WHERE origin = 'service';
    ALTER TABLE audit_log DROP CONSTRAINT audit_log_pkey, ADD PRIMARY KEY (id)`);
  await expect(loadMapping(pair.there.definition, monolith, pair.service)).rejects.toMatchObject({
    code: 'KEYS_COLLIDE',
    message: expect.stringContaining(
      'its key (id) does not hold origin, which tells whose a row is',
    ),
  });
});
