import { expect, test } from '@jest/globals';
import { defaultGates } from './gate-settings.ts';
import { judgeRampStep, type SideWindow } from './ramp.ts';

const side = (requests: number, errors = 0, p99Ms = 20): SideWindow => ({
  requests,
  errors,
  p99Ms,
});
const verdict = (
  monolith: SideWindow,
  service: SideWindow,
  percent = 25,
  baseline?: SideWindow,
): string =>
  judgeRampStep({ monolith, service, percent, ...(baseline && { baseline }) }, defaultGates)
    .verdict;

test.each<[string, string, string]>([
  ['as good as the monolith', verdict(side(1000), side(100)), 'keep'],
  ['too little traffic on the service', verdict(side(1000), side(99)), 'wait'],
  ['too little traffic on the monolith', verdict(side(99), side(1000)), 'wait'],
  ['at 100 % no monolith sample can exist', verdict(side(0), side(1000), 100), 'keep'],
  [
    'at 100 % the last good window of the monolith counts',
    verdict(side(0), side(1000, 0, 100), 100, side(1000, 0, 20)),
    'back',
  ],
  ['errors within the allowance', verdict(side(1000, 10), side(1000, 15)), 'keep'],
  ['errors over the allowance', verdict(side(1000, 10), side(1000, 16)), 'back'],
  ["p99 at twice the monolith's", verdict(side(1000), side(1000, 0, 40)), 'keep'],
  ["p99 over twice the monolith's", verdict(side(1000), side(1000, 0, 50)), 'back'],
  [
    'a service that fails nearly always is not given a full sample',
    verdict(side(1000), side(10, 10)),
    'back',
  ],
])('%s: %s', (_name, actual, expected) => expect(actual).toBe(expected));
