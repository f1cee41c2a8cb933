import { expect, test } from '@jest/globals';
import { sharedKafka, until } from '@strangler-toolkit/dev-stack';
import fc from 'fast-check';
import type { MigrationDefinition, TableMapping } from '@strangler-toolkit/plan';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { chooseTransport } from '../../src/stream/choose-transport.ts';
import type { Transport } from '../../src/stream/index.ts';
import { definition, startWorker } from '../worker/shop.ts';
import {
  expectForward as expectBorder,
  expectSame,
  letters,
  openByCondition,
  tables as conditionTables,
} from './by-condition.ts';
import {
  expectForward as expectKinds,
  expectReverse,
  openByKind,
  tables as kindTables,
} from './by-kind.ts';
import { giveToService } from './moved.ts';
import {
  expectLists,
  openLists,
  tables as listTables,
  workload as workOnLists,
} from './as-lists.ts';
import { expectWorkload, openToOne, tables as gatheredTables } from './to-one.ts';
import { expectBothWrite, openBothWrite } from './both-write.ts';
import { expectGenerated, generated } from './generated.ts';
import { expectBothWays, openConverted, tables as convertedTables } from './converted.ts';

/** It hands on what the mapping reads of a table, and nothing else of it. */
const kafka = async (context: MigrationDefinition): Promise<Transport> => {
  const { brokers, connectUrl } = await sharedKafka();
  return chooseTransport(context, {
    STRANGLER_TRANSPORT: 'kafka',
    KAFKA_BROKERS: brokers,
    CONNECT_URL: connectUrl,
  });
};

const carrying = (tables: readonly TableMapping[]): Promise<Transport> =>
  kafka({ ...definition, tables });

describeWithKafka('over Kafka', () => {
  test('converted columns, keys and fields of JSON are copied, streamed, compared, and come back', async () => {
    await using shop = await openConverted(await carrying(convertedTables));
    await expectBothWays(shop);
  });

  test('rows of one table go to several of the service by kind, pass from one to the other, and come back', async () => {
    await using shop = await openByKind(await carrying(kindTables));
    await using _worker = startWorker(shop);
    await expectKinds(shop, 40);
    await giveToService(shop);
    await expectReverse(shop, 40);
  });

  test('several tables are one of the service, told apart by a constant, and come back', async () => {
    await using shop = await openToOne(await carrying(gatheredTables));
    await using _worker = startWorker(shop);
    await expectWorkload(shop, 'forward', 30);
    await giveToService(shop);
    await expectWorkload(shop, 'reverse', 30);
  });

  test('rows of child tables are arrays at the service as well, and come back from whichever it writes', async () => {
    await using shop = await openLists(await carrying(listTables));
    await using _worker = startWorker(shop);
    await expectLists(shop, 'forward');
    await workOnLists(shop, 'forward', 30);
    await expectLists(shop, 'forward');
    await giveToService(shop);
    await workOnLists(shop, 'reverse', 30);
    await expectLists(shop, 'reverse');
  });

  test('whatever tables, mappings and changes: both sides are the same after copy, stream, cutover, the way back and rollback', async () => {
    await fc.assert(
      fc.asyncProperty(generated, (one) => expectGenerated(one, carrying)),
      { numRuns: 1, endOnFailure: true },
    );
  });

  test('a table that both sides write gets the rows of both', async () => {
    await using pair = await openBothWrite(kafka);
    await expectBothWrite(pair);
  });

  test('rows by condition follow every move over the border, and come back', async () => {
    await using shop = await openByCondition(await carrying(conditionTables));
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
