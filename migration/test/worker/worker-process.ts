import { embeddedTransport } from '../../src/stream/index.ts';
import { runWorker } from '../../src/worker/index.ts';
import { definition } from './shop.ts';

const [controlUrl = '', monolithUrl = '', serviceUrl = ''] = process.argv.slice(2);
await runWorker({ definition, controlUrl, monolithUrl, serviceUrl, transport: embeddedTransport, signal: new AbortController().signal });
