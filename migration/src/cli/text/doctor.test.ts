import { expect, test } from '@jest/globals';
import { checked } from '../../findings/check.ts';
import { doctorText } from './doctor.ts';

const plain = { style: (_format: unknown, text: string): string => text };
const checks = [
  checked(null, {
    check: 'control database',
    ok: true,
    expected: 'reachable',
    actual: 'reachable',
  }),
  checked('catalog', {
    check: 'worker',
    ok: false,
    expected: 'alive',
    actual: 'never seen',
    remedy: 'strangler replicate catalog',
  }),
];

test('what is wrong is shown with its remedy, and what is right is counted', () => {
  expect(doctorText(checks, false, plain).split('\n')).toEqual([
    '✗ catalog: worker',
    '    expected: alive',
    '    actual:   never seen',
    '    remedy:   strangler replicate catalog',
    '1 of 2 checks are right',
  ]);
});

test('with all, what is right is shown, too', () => {
  expect(doctorText(checks, true, plain).split('\n').slice(0, 3)).toEqual([
    '✓ control database',
    '    reachable',
    '✗ catalog: worker',
  ]);
});
