import { expect, test } from '@jest/globals';
import { emptyStep, fittingSteps, type TrafficSeen } from './traffic-seen.ts';

const seen = (...shares: number[]): TrafficSeen => ({
  requests: 10,
  anonymous: 0,
  identities: shares.length,
  shares,
});

test.each<[number[], number[], number | undefined]>([
  [[10, 50, 100], [61, 80], 10],
  [[70, 100], [61, 80], undefined],
  [[61], [61], undefined],
  [[60], [61], 60],
  [[0, 100], [61], undefined],
  [[10], [], undefined],
])('of steps %j and shares %j, %j is for nobody', (steps, shares, step) =>
  expect(emptyStep(steps, seen(...shares))).toBe(step),
);

test.each<[number[], number[]]>([
  [
    [61, 80],
    [61, 100],
  ],
  [
    [3, 20, 40, 90],
    [3, 20, 100],
  ],
  [[100], [100]],
  [[], [100]],
])('shares %j fit steps %j', (shares, steps) =>
  expect(fittingSteps(seen(...shares))).toEqual(steps),
);
