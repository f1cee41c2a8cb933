import type { RampResult } from '../../steps/ramp.ts';
import { besides } from '../../steps/ramp-words.ts';
import { trafficText } from './traffic.ts';

/** Steps that did not hold (the others were told while they ran), and the share that stays. */
export const rampText = (result: RampResult): string =>
  [
    ...result.steps
      .filter(({ verdict }) => verdict !== 'keep')
      .map((done) => `${done.percent} %: ${done.verdict}, ${done.reason}`),
    `${result.context}: ${result.percent} % of reads${besides(result.named)} go to the service; ` +
      trafficText(result.traffic),
  ].join('\n');
