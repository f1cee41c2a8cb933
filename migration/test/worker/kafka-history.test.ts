import { expect, test } from '@jest/globals';
import { sharedKafka, startPostgres } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { connect } from '../../src/database/connect.ts';
import { chooseTransport } from '../../src/stream/choose-transport.ts';
import type { Transport } from '../../src/stream/index.ts';
import { copyServer } from '../support/server-copy.ts';
import { endOf, insert, pastPosition, reconnected, targetState } from './restored-source.ts';
import { bothSides, caughtUp, definition, openShop, startWorker } from './shop.ts';

const overKafka = async (): Promise<Transport> => {
  const { brokers, connectUrl } = await sharedKafka();
  return chooseTransport(definition, {
    STRANGLER_TRANSPORT: 'kafka',
    KAFKA_BROKERS: brokers,
    CONNECT_URL: connectUrl,
  });
};

describeWithKafka('a monolith that was restored behind a running Connect', () => {
  test('stops the worker before anything of the other history is applied', async () => {
    const monolith = await startPostgres();
    try {
      await using opened = await openShop({ monolith }, await overKafka());
      const first = startWorker(opened);
      await caughtUp(opened, 'forward');
      const copy = await copyServer(monolith);
      let shop = await reconnected(opened);
      await caughtUp(shop, 'forward');
      await shop.monolith.query(insert(1001, 1200));
      await caughtUp(shop, 'forward');
      await first.stop();
      const before = await targetState(shop);
      await copy.putBack('same timeline');
      shop = await reconnected(opened);
      await shop.monolith.query(insert(2001, 2100));
      await shop.monolith.query(`UPDATE products SET name = 'changed' WHERE id <= 5`);
      await pastPosition(shop);
      const second = startWorker(shop);
      expect(await endOf(second, shop)).toBe('HISTORY_CHANGED');
      expect(await targetState(shop)).toEqual(before);
      await shop.monolith.end();
    } finally {
      await monolith.stop();
    }
  });
});

describeWithKafka('a service that was restored from a backup', () => {
  test('reads what it missed again from Kafka, as long as it is kept there', async () => {
    const service = await startPostgres();
    try {
      await using opened = await openShop({ service }, await overKafka());
      const first = startWorker(opened);
      await caughtUp(opened, 'forward');
      const copy = await copyServer(service);
      await caughtUp(opened, 'forward');
      await opened.monolith.query(insert(1001, 1200));
      await caughtUp(opened, 'forward');
      await first.stop();
      await copy.putBack('same timeline');
      const second = startWorker(opened);
      await caughtUp(opened, 'forward');
      await second.stop();
      const shop = {
        ...opened,
        service: await connect(opened.serviceUrl, { applicationName: 'test' }),
      };
      const sides = await bothSides(shop);
      expect(sides.service).toBe(sides.monolith);
      await shop.service.end();
    } finally {
      await service.stop();
    }
  });
});
