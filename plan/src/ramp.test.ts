import { expect, test } from '@jest/globals';
import { defaultGates } from './gate-settings.ts';
import { judgeRampStep, type SideWindow } from './ramp.ts';

const side = (
  requests: number,
  errors = 0,
  p99Ms = 20,
  refused: number | null = 0,
): SideWindow => ({
  requests,
  errors,
  refused,
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
  ['at 100 %, and nothing of the monolith is known', verdict(side(0), side(1000), 100), 'wait'],
  [
    'at 100 %, by a handful of requests of which one failed',
    verdict(side(0), side(1000, 500), 100, side(2, 1)),
    'back',
  ],
  ['at 100 %, by nothing, and it fails', verdict(side(0), side(10, 6), 100, side(0)), 'back'],
  [
    'at 100 %, by as few requests as a judgement needs',
    verdict(side(0), side(1000), 100, side(100)),
    'keep',
  ],
  [
    'at 100 % the last good window of the monolith counts',
    verdict(side(0), side(1000, 0, 100), 100, side(1000, 0, 20)),
    'back',
  ],
  ['nobody is sent there: nothing to judge', verdict(side(1000), side(0), 0), 'keep'],
  ['errors within the allowance', verdict(side(1000, 10), side(1000, 15)), 'keep'],
  ['errors over the allowance', verdict(side(1000, 10), side(1000, 16)), 'back'],
  ["p99 at twice the monolith's", verdict(side(1000), side(1000, 0, 40)), 'keep'],
  ["p99 over twice the monolith's", verdict(side(1000), side(1000, 0, 50)), 'back'],
  [
    'as many refusals as the allowance',
    verdict(side(1000, 0, 20, 100), side(1000, 0, 20, 150)),
    'keep',
  ],
  ['refusals over the allowance', verdict(side(1000, 0, 20, 100), side(1000, 0, 20, 151)), 'back'],
  [
    'refusals that the monolith has as well',
    verdict(side(1000, 0, 20, 900), side(1000, 0, 20, 900)),
    'keep',
  ],
  [
    'ten requests of which nine are refused: clients choose what is',
    verdict(side(1000), side(10, 0, 20, 9)),
    'wait',
  ],
  [
    'refusals that not all counted',
    verdict(side(1000, 0, 20, null), side(1000, 0, 20, 900)),
    'keep',
  ],
  ['nor of the service', verdict(side(1000), side(1000, 0, 20, null)), 'keep'],
  [
    'a service that fails nearly always is not given a full sample',
    verdict(side(1000), side(10, 10)),
    'back',
  ],
])('%s: %s', (_name, actual, expected) => expect(actual).toBe(expected));

const reason = (...sides: Parameters<typeof verdict>): string => {
  const [monolith, service, percent = 25, baseline] = sides;
  return judgeRampStep({ monolith, service, percent, ...(baseline && { baseline }) }, defaultGates)
    .reason;
};

test('a judgement says what it rests on', () => {
  expect(reason(side(1000), side(99))).toBe(
    'the service answered 99 of 100 requests that a judgement needs',
  );
  expect(reason(side(99), side(1000))).toBe(
    'the monolith answered 99 of 100 requests that a judgement needs',
  );
  expect(reason(side(1000, 10), side(1000, 16))).toBe(
    'error rate of the service 1.6 % exceeds the allowed 1.5 %',
  );
  expect(reason(side(1000, 0, 20), side(1000, 0, 50))).toBe(
    "p99 of the service, ≤ 50 ms, is over 2 times the monolith's, ≤ 20 ms",
  );
  expect(reason(side(1000, 10), side(1000, 5, 30))).toBe(
    'errors 0.5 % (allowed 1.5 %), p99 ≤ 30 ms (allowed 40 ms, monolith ≤ 20 ms)',
  );
});

test('too small a baseline is none: only errors are judged by it, and the wait goes on', () => {
  expect(reason(side(0), side(1000), 100, side(99))).toBe(
    'the monolith answered 0 of 100 requests that a judgement needs',
  );
  expect(verdict(side(0, 0, 1), side(1000, 6, 30), 100)).toBe('back');
  expect(verdict(side(99, 0, 1), side(1000, 0, 30), 100)).toBe('wait');
  // A sample that is large enough is the one that counts, not the older one.
  expect(verdict(side(100, 0, 20), side(1000, 0, 50), 100, side(1000, 0, 40))).toBe('back');
  expect(verdict(side(99, 0, 20), side(1000, 0, 50), 100, side(1000, 0, 40))).toBe('keep');
});

test('a service that fails nearly always is sent back at ten requests, not at nine, and only over half', () => {
  expect(verdict(side(1000), side(9, 9))).toBe('wait');
  expect(verdict(side(1000), side(10, 5))).toBe('wait');
  expect(verdict(side(1000), side(10, 6))).toBe('back');
  // A monolith that fails as often is no better.
  expect(verdict(side(1000, 700), side(10, 7))).toBe('wait');
});

test('those who are named are judged where nobody else goes to the service, and missed where none of them was seen', () => {
  const judged = (service: SideWindow, named = true): unknown =>
    judgeRampStep({ monolith: side(1000), service, percent: 0, named }, defaultGates);
  expect(judged(side(0))).toEqual({
    verdict: 'wait',
    reason: 'none of the named identities was seen',
  });
  expect(judged(side(1))).toMatchObject({
    verdict: 'wait',
    reason: expect.stringContaining('1 of'),
  });
  expect(judged(side(1000))).toMatchObject({ verdict: 'keep' });
  expect(judged(side(1000, 500))).toMatchObject({ verdict: 'back' });
  expect(judged(side(1000, 500), false)).toMatchObject({ verdict: 'keep' });
});
