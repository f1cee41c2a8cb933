/** The real worker in a process of its own, as `strangler replicate` runs it. */
import { openControl } from '../src/control/index.ts';
import { recoverMove } from '../src/cutover/index.ts';
import { embeddedTransport } from '../src/stream/index.ts';
import { runWorker } from '../src/worker/index.ts';
import { definition } from './cutover-context.ts';

interface Order {
  controlUrl: string;
  monolithUrl: string;
  serviceUrl: string;
  recover?: boolean;
}
const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
// The parent died: so shall we.
process.stdin.on('end', () => process.exit(0)).resume();
const control = await openControl(order.controlUrl);
await runWorker({
  definition,
  controlUrl: order.controlUrl,
  monolithUrl: order.monolithUrl,
  serviceUrl: order.serviceUrl,
  transport: embeddedTransport,
  signal: stop.signal,
  onProgress: (progress) => console.log(JSON.stringify(progress, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))),
  ...(order.recover === true && {
    recover: async () => {
      const recovery = await recoverMove({ definition, control, monolithUrl: order.monolithUrl, serviceUrl: order.serviceUrl, transport: embeddedTransport, actor: 'worker' });
      console.log(JSON.stringify({ recovery: recovery.outcome }));
    },
  }),
});
await control.close();
process.exit(0);
