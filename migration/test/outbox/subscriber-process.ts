import { subscribe } from '../../src/outbox/index.ts';
import type { EventSource } from '../../src/outbox/index.ts';
import { countEvent } from './rig.ts';

const [target = '', source = '{}'] = process.argv.slice(2);
const subscription = subscribe({
  consumer: 'counter',
  source: JSON.parse(source) as EventSource,
  target,
  handler: countEvent,
});
await subscription.ended;
