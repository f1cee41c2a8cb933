import { runWorker } from '../../src/worker/index.ts';
import { definition } from './shop.ts';

const [controlUrl = '', monolithUrl = '', serviceUrl = ''] = process.argv.slice(2);
await runWorker({ definition, controlUrl, monolithUrl, serviceUrl, signal: new AbortController().signal });
