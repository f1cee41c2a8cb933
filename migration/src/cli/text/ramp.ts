import type { RampResult } from '../../steps/ramp.ts';
import { trafficText } from './traffic.ts';

/** Each step with its verdict, and the share that stays. */
export const rampText = (result: RampResult): string =>
  [
    ...result.steps.map((done) => `${done.percent} %: ${done.verdict}, ${done.reason}`),
    `${result.context}: ${result.percent} % of reads go to the service; ${trafficText(result.traffic)}`,
  ].join('\n');
