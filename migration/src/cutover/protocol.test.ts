import { expect, test } from '@jest/globals';
import { movePlan } from './move-plan.ts';
import { protocol } from './protocol.ts';

test('the steps stand in the one order in which a kill at any line leaves one owner', () => {
  expect(protocol.map((step) => `${step.phase} ${step.name}${step.undo ? ' <-' : ''}`)).toEqual([
    'before prepare',
    'before prove-reverse <-',
    'before hold <-',
    'before fence-source <-',
    'before stop-position',
    'before catch-up',
    'before close-stream <-',
    'before unchanged',
    'before verify',
    'before sequences',
    'flip flip',
    'after unfence-target',
    'after release',
    'after drop-old-stream',
  ]);
});

test('a rollback is a cutover with its sides swapped', () => {
  const [there, back] = [movePlan('cutover'), movePlan('rollback')];
  expect(there).toEqual({
    kind: 'cutover',
    from: 'monolith',
    to: 'service',
    closing: 'forward',
    opening: 'reverse',
    stageBefore: 'canary',
    stageAfter: 'service',
  });
  expect(back).toEqual({
    kind: 'rollback',
    from: there.to,
    to: there.from,
    closing: there.opening,
    opening: there.closing,
    stageBefore: there.stageAfter,
    stageAfter: there.stageBefore,
  });
});
