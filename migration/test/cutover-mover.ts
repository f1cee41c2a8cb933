/** Waits for an order, runs a move, and is killed or stopped at the moment it is told: a CLI that dies or sleeps. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { openControl } from '../src/control/index.ts';
import { cutover, rollback } from '../src/cutover/index.ts';
import { definition } from './cutover-context.ts';
import { type KafkaPlace, transportOf } from './cutover-transport.ts';

export interface MoverOrder {
  readonly kind: 'cutover' | 'rollback';
  readonly at: { readonly step: string; readonly moment: string };
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  readonly leaseTtlMs?: number;
}
const urls = JSON.parse(process.argv[2] ?? '{}') as {
  controlUrl: string;
  monolithUrl: string;
  serviceUrl: string;
  kafka: KafkaPlace;
};
const control = await openControl(urls.controlUrl);
const lines = createInterface(process.stdin);
// The parent died: so shall we.
process.stdin.once('end', () => process.exit(0));
console.log('ready');
const [line] = (await once(lines, 'line')) as [string];
const { kind, at, signal, leaseTtlMs } = JSON.parse(line) as MoverOrder;
const result = await (kind === 'cutover' ? cutover : rollback)({
  definition,
  control,
  monolithUrl: urls.monolithUrl,
  serviceUrl: urls.serviceUrl,
  transport: transportOf(urls.kafka),
  actor: 'mover',
  noFacade: true,
  ...(leaseTtlMs !== undefined && { leaseTtlMs }),
  onStep({ step, moment }) {
    if (step !== at.step || moment !== at.moment) return;
    console.log('there');
    process.kill(process.pid, signal);
  },
});
console.log(
  `result ${JSON.stringify({ outcome: result.outcome, code: result.error?.code, message: result.error?.message })}`,
);
process.exit(0);
