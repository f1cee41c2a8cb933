import { expect, test } from '@jest/globals';
import { fakeMove } from '../../test/support/fake-move.ts';
import { flip } from './flip.ts';

const scene = () => {
  const flips: unknown[] = [];
  const control = {
    flip: async (options: unknown) => {
      flips.push(options);
      return { owner: 'service', stage: 'service', epoch: 4 };
    },
  };
  return {
    ...fakeMove(
      { control, stop: '0/50' },
      {
        monolith: [[/insert_lsn/, [{ lsn: '0/A' }]]],
        service: [[/insert_lsn/, [{ lsn: '0/B' }]]],
      },
    ),
    flips,
  };
};

test('the flip proves lease and epoch, begins the new stream where the new owner stands, journals itself and leaves the hold', async () => {
  const { move, flips } = scene();
  expect(await flip.execute(move)).toEqual({
    owner: 'service',
    stage: 'service',
    epoch: 4,
    startLsn: '0/B',
  });
  expect(flips).toEqual([
    {
      context: 'catalog',
      expectedEpoch: 3,
      owner: 'service',
      stage: 'service',
      startLsn: '0/B',
      leaseToken: 'the-token',
      liftHold: false,
      journal: [
        {
          actor: 'someone',
          moveId: 'the-move',
          step: 'flip',
          status: 'done',
          detail: { owner: 'service', startLsn: '0/B', stop: '0/50' },
        },
      ],
    },
  ]);
});

test('a flip of a move that knows no stop position says so', async () => {
  const { move, flips } = scene();
  move.stop = undefined;
  await flip.execute(move);
  expect(flips).toMatchObject([{ journal: [{ detail: { stop: null } }] }]);
});

test('a dry run flips nothing, and tells what would be', async () => {
  const { move, flips } = scene();
  expect(await flip.dryRun(move)).toEqual({
    owner: 'service',
    stage: 'service',
    epoch: 4,
    oldOwnerAt: '0/A',
  });
  expect(flips).toEqual([]);
});
