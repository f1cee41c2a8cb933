/** The real worker in a process of its own, as `strangler replicate` runs it. */
import { openControl } from '../src/control/index.ts';
import { recoverMove } from '../src/cutover/index.ts';
import { runWorker } from '../src/worker/index.ts';
import * as contexts from './cutover-context.ts';
import { type KafkaPlace, transportOf } from './cutover-transport.ts';

interface Order {
  controlUrl: string;
  monolithUrl: string;
  serviceUrl: string;
  kafka: KafkaPlace;
  recover?: boolean;
  reference?: boolean;
}
const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const definition = order.reference === true ? contexts.reference : contexts.definition;
const transport = transportOf(order.kafka, definition);
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
  transport,
  signal: stop.signal,
  onProgress: (progress) =>
    console.log(
      JSON.stringify(progress, (_key, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      ),
    ),
  ...(order.recover === true && {
    recover: async () => {
      const recovery = await recoverMove({
        definition,
        control,
        monolithUrl: order.monolithUrl,
        serviceUrl: order.serviceUrl,
        transport,
        actor: 'worker',
      });
      console.log(JSON.stringify({ recovery: recovery.outcome }));
    },
  }),
});
await control.close();
process.exit(0);
