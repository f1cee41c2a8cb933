/** Runs a move and dies by kill -9 at the moment it is told. */
import { openControl } from '../src/control/index.ts';
import { cutover, rollback } from '../src/cutover/index.ts';
import { definition } from './cutover-context.ts';

interface Order {
  controlUrl: string;
  monolithUrl: string;
  serviceUrl: string;
  kind: 'cutover' | 'rollback';
  at: { step: string; moment: string };
}
const order = JSON.parse(process.argv[2] ?? '{}') as Order;
const control = await openControl(order.controlUrl);
const move = order.kind === 'cutover' ? cutover : rollback;
const result = await move({
  definition, control, monolithUrl: order.monolithUrl, serviceUrl: order.serviceUrl, actor: 'crasher', noFacade: true, leaseTtlMs: 600,
  onStep({ step, moment }) {
    if (step === order.at.step && moment === order.at.moment) process.kill(process.pid, 'SIGKILL');
  },
});
console.log(JSON.stringify(result));
process.exit(0);
