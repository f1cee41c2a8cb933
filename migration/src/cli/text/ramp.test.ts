import { expect, test } from '@jest/globals';
import type { RampStepResult } from '../../steps/ramp.ts';
import { rampText } from './ramp.ts';

test('a step that did not hold with its verdict and the reason, and last the share that stays', () => {
  const step = (
    percent: number,
    verdict: RampStepResult['verdict'],
    reason: string,
  ): RampStepResult => ({
    percent,
    verdict,
    reason,
    monolith: {} as RampStepResult['monolith'],
    service: {} as RampStepResult['service'],
  });
  const steps = [step(10, 'keep', '120 requests, no errors'), step(50, 'back', '4.0 % errors')];
  const traffic = { requests: 0, anonymous: 0, identities: 0, shares: [] };
  const result = { context: 'catalog', percent: 10, named: 0, steps, traffic };
  expect(rampText({ ...result, named: 2, steps: [] })).toMatch(
    /^catalog: 10 % of reads and 2 named identities go to/,
  );
  expect(rampText(result).split('\n')).toEqual([
    '50 %: back, 4.0 % errors',
    'catalog: 10 % of reads go to the service; no steered request in the last day',
  ]);
});
