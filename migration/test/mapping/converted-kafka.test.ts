import { expect, test } from '@jest/globals';
import { sharedKafka, until } from '@strangler-toolkit/dev-stack';
import fc from 'fast-check';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { chooseTransport } from '../../src/stream/choose-transport.ts';
import type { Transport } from '../../src/stream/index.ts';
import { definition, startWorker } from '../worker/shop.ts';
import {
  expectForward as expectBorder,
  expectSame,
  letters,
  openByCondition,
} from './by-condition.ts';
import { expectForward as expectKinds, expectReverse, openByKind } from './by-kind.ts';
import { giveToService } from './moved.ts';
import {
  expectLists,
  openLists,
  tables as listTables,
  workload as workOnLists,
} from './as-lists.ts';
import { expectWorkload, openToOne } from './to-one.ts';
import { expectBothWrite, openBothWrite } from './both-write.ts';
import { expectGenerated, generated } from './generated.ts';
import { openConverted, expectForward } from './converted.ts';

const kafka = async (context: MigrationDefinition = definition): Promise<Transport> => {
  const { brokers, connectUrl } = await sharedKafka();
  return chooseTransport(context, {
    STRANGLER_TRANSPORT: 'kafka',
    KAFKA_BROKERS: brokers,
    CONNECT_URL: connectUrl,
  });
};

describeWithKafka('over Kafka', () => {
  // the way back differs in nothing: what it converts is the text that both transports carry
  test('converted columns and keys are copied, streamed and compared', async () => {
    await using shop = await openConverted(await kafka());
    await using _worker = startWorker(shop);
    await expectForward(shop);
  });

  test('rows of one table go to several of the service by kind, pass from one to the other, and come back', async () => {
    await using shop = await openByKind(await kafka());
    await using _worker = startWorker(shop);
    await expectKinds(shop, 40);
    await giveToService(shop);
    await expectReverse(shop, 40);
  });

  test('several tables are one of the service, told apart by a constant, and come back', async () => {
    await using shop = await openToOne(await kafka());
    await using _worker = startWorker(shop);
    await expectWorkload(shop, 'forward', 30);
    await giveToService(shop);
    await expectWorkload(shop, 'reverse', 30);
  });

  test('rows of child tables are arrays at the service as well, and come back from whichever it writes', async () => {
    await using shop = await openLists(await kafka({ ...definition, tables: listTables }));
    await using _worker = startWorker(shop);
    await expectLists(shop, 'forward');
    await workOnLists(shop, 'forward', 30);
    await expectLists(shop, 'forward');
    await giveToService(shop);
    await workOnLists(shop, 'reverse', 30);
    await expectLists(shop, 'reverse');
  });

  test('whatever tables, mappings and changes: both sides are the same after copy, stream, cutover, the way back and rollback', async () => {
    const transport = await kafka();
    await fc.assert(
      fc.asyncProperty(generated, (one) => expectGenerated(one, transport)),
      { numRuns: 1, endOnFailure: true },
    );
  });

  test('a table that both sides write gets the rows of both', async () => {
    await using pair = await openBothWrite(kafka);
    await expectBothWrite(pair);
  });

  test('rows by condition follow every move over the border, and come back', async () => {
    await using shop = await openByCondition(await kafka());
    await using _worker = startWorker(shop);
    await expectBorder(shop, 60);
    await giveToService(shop);
    await shop.service.query(`
      INSERT INTO papers SELECT n, 'note', NULL FROM generate_series(1000000, 1000100) n;
      UPDATE things SET name = name || '!', tenant = 3 - tenant WHERE id % 31 = 0;
      INSERT INTO things VALUES (3, 5000, 'of another', NULL)`);
    await until('one waits', async () => (await letters(shop.monolith)).length > 0);
    expect(await letters(shop.monolith)).toEqual(['{"id":"5000","tenant":"3"} ROW_OUTSIDE']);
    await shop.service.query('DELETE FROM things WHERE tenant = 3');
    await expectSame(shop, 'reverse');
  });
});
