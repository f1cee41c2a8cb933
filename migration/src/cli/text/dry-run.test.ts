import { expect, test } from '@jest/globals';
import { dryRunText } from './dry-run.ts';

const actions = [
  { action: 'fence', detail: 'tables: public.items' },
  { action: 'set stage service' },
];

test('what would be done, numbered in its order, with its details', () => {
  expect(dryRunText({ dryRun: true, actions }).split('\n')).toEqual([
    '1. fence: tables: public.items',
    '2. set stage service',
  ]);
});

test('why it would be refused stands last, with its code', () => {
  const refusal = { code: 'GATE_REFUSED', message: 'catalog may not go on (cutover)' };
  expect(dryRunText({ dryRun: true, actions, refusal }).split('\n').at(-1)).toBe(
    'refused (GATE_REFUSED): catalog may not go on (cutover)',
  );
});
