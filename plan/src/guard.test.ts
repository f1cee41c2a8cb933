import { expect, test } from '@jest/globals';
import { defaultGates } from './gate-settings.ts';
import { judgeGuard } from './guard.ts';
import type { SideWindow } from './ramp.ts';

const writes = (
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

test.each<[string, SideWindow, SideWindow, string]>([
  ['as good as before', writes(1000), writes(100), 'keep'],
  ['too few to say anything', writes(1000), writes(99), 'wait'],
  ['nobody writes', writes(0), writes(0), 'wait'],
  ['more errors than before', writes(1000, 10), writes(1000, 16), 'back'],
  ['errors that were there before', writes(1000, 100), writes(1000, 100), 'keep'],
  ['slower than twice', writes(1000), writes(1000, 0, 50), 'back'],
  ['slower than a handful of writes before', writes(99), writes(1000, 0, 5000), 'keep'],
  ['more errors than a handful before', writes(99), writes(1000, 6), 'back'],
  ['a write in ten is refused now', writes(1000), writes(100, 0, 20, 10), 'back'],
  ['as many are refused as before', writes(1000, 0, 20, 100), writes(100, 0, 20, 10), 'keep'],
  [
    'half are refused, and of before a handful is known',
    writes(99),
    writes(100, 0, 20, 50),
    'keep',
  ],
  ['more than half, and of before a handful is known', writes(99), writes(100, 0, 20, 51), 'back'],
  ['ten writes that one client sends again and again', writes(1000), writes(10, 0, 20, 10), 'wait'],
  [
    'of before nobody counted refusals',
    writes(1000, 0, 20, null),
    writes(1000, 0, 20, 900),
    'keep',
  ],
  ['ten writes of which six fail', writes(1000), writes(10, 6), 'back'],
])('%s: %s', (_name, before, after, verdict) => {
  expect(judgeGuard({ before, after }, defaultGates).verdict).toBe(verdict);
});

test('the reason names what is refused and what would be allowed', () => {
  const full = judgeGuard(
    { before: writes(1000, 0, 20, 10), after: writes(200, 0, 20, 30) },
    defaultGates,
  );
  expect(full.reason).toBe(
    'the service refuses 15 % of its requests (4xx), more than the allowed 6 %',
  );
});

test('a window that is too small for a percentile promises none', () => {
  expect(judgeGuard({ before: writes(5), after: writes(100) }, defaultGates).reason).toBe(
    'errors 0 % (allowed 0.5 %), p99 ≤ 20 ms',
  );
});
