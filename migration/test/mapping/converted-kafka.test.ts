import { test } from '@jest/globals';
import { sharedKafka } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { chooseTransport } from '../../src/stream/choose-transport.ts';
import { definition, startWorker } from '../worker/shop.ts';
import { openConverted, expectForward } from './converted.ts';

describeWithKafka('over Kafka', () => {
  // the way back differs in nothing: what it converts is the text that both transports carry
  test('converted columns and keys are copied, streamed and compared', async () => {
    const { brokers, connectUrl } = await sharedKafka();
    await using shop = await openConverted(
      chooseTransport(definition, {
        STRANGLER_TRANSPORT: 'kafka',
        KAFKA_BROKERS: brokers,
        CONNECT_URL: connectUrl,
      }),
    );
    await using _worker = startWorker(shop);
    await expectForward(shop);
  });
});
