import { chooseTransport } from '../../src/stream/choose-transport.ts';
import { embeddedTransport } from '../../src/stream/index.ts';
import { runWorker } from '../../src/worker/index.ts';
import { definition } from './shop.ts';

const [controlUrl = '', monolithUrl = '', serviceUrl = '', kafka] = process.argv.slice(2);
const place =
  kafka === undefined ? undefined : (JSON.parse(kafka) as { brokers: string; connectUrl: string });
const transport =
  place === undefined
    ? embeddedTransport
    : chooseTransport(definition, {
        STRANGLER_TRANSPORT: 'kafka',
        KAFKA_BROKERS: place.brokers,
        CONNECT_URL: place.connectUrl,
      });
await runWorker({
  definition,
  controlUrl,
  monolithUrl,
  serviceUrl,
  transport,
  signal: new AbortController().signal,
});
