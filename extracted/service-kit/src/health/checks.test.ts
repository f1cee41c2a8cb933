import { expect, test } from '@jest/globals';
import { runChecks } from './checks.ts';

test('one failing check makes the whole not ready and says why', async () => {
  const result = await runChecks({
    good: () => undefined,
    bad: () => {
      throw new Error('disk is full');
    },
  });
  expect(result.ok).toBe(false);
  expect(result.checks).toMatchObject({
    good: { ok: true },
    bad: { ok: false, error: 'disk is full' },
  });
});

test('a check that never answers counts as failed instead of blocking readiness', async () => {
  const result = await runChecks({ hung: () => new Promise(() => undefined) }, 20);
  expect(result.checks.hung).toMatchObject({ ok: false, error: 'no answer within 20 ms' });
});
