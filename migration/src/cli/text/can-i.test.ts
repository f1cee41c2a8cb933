import { expect, test } from '@jest/globals';
import type { GateResult } from '@strangler-toolkit/plan';
import { canIText } from './can-i.ts';

const gate = (name: GateResult['gate'], ok: boolean, actual: string): GateResult => ({
  gate: name,
  ok,
  actual,
  expected: 'verified on both sides',
  remedy: '',
});

test('yes, with what each gate found', () =>
  expect(
    canIText({
      context: 'shop',
      asked: 'ramp',
      stage: 'shadowing',
      yes: true,
      gates: [gate('pacts', true, 'verified on both sides')],
    }),
  ).toBe('✓ pacts: verified on both sides\nyes: ramp shop (stage shadowing)'));

test('no, with what is missing and the command that renews it', () =>
  expect(
    canIText({
      context: 'shop',
      asked: 'cutover',
      stage: 'canary',
      yes: false,
      gates: [gate('pacts', false, 'never verified')],
      nextCommand: 'strangler contracts verify shop',
    }),
  ).toBe(
    '✗ pacts: never verified (needs: verified on both sides)\n' +
      'no: cutover shop (stage canary)\nnext: strangler contracts verify shop',
  ));

test('no, because of the stage', () =>
  expect(
    canIText({
      context: 'shop',
      asked: 'cutover',
      stage: 'monolith',
      yes: false,
      forbidden: 'monolith leads to replicate',
      gates: [],
    }),
  ).toBe('no: cutover shop (stage monolith): monolith leads to replicate'));
