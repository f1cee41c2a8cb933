import { expect, test } from '@jest/globals';
import { outcomeText } from './change-owner.ts';

test('a step that failed, where the context stands, how long writes waited and who was gone', () => {
  expect(
    outcomeText({
      context: 'catalog',
      stage: 'service',
      owner: 'service',
      epoch: 2,
      steps: [
        { step: 'hold', status: 'done', seconds: 0.1, detail: {} },
        { step: 'fence', status: 'failed', seconds: 0.0123, detail: {} },
      ],
      writePauseMs: 81.6,
      goneInstances: ['facade-b'],
    } as Parameters<typeof outcomeText>[0]).split('\n'),
  ).toEqual([
    'failed  fence (0.012 s)',
    'catalog: stage service, owner service, epoch 2, writes waited 82 ms',
    'facades that were gone: facade-b',
  ]);
});
