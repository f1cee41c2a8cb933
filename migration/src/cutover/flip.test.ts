import { describe, expect, test } from '@jest/globals';
import { fakeMove } from '../../test/support/fake-move.ts';
import { flip } from './flip.ts';

const scene = (more: object = {}) => {
  const flips: unknown[] = [];
  const control = {
    flip: async (options: unknown) => {
      flips.push(options);
      return { owner: 'service', stage: 'service', epoch: 4 };
    },
  };
  return {
    ...fakeMove(
      { control, stop: '0/50', ...more },
      {
        monolith: [
          [/insert_lsn/, [{ lsn: '0/A' }]],
          [/pg_trigger/, [{ mark: 'm' }]],
        ],
        service: [
          [/insert_lsn/, [{ lsn: '0/B' }]],
          [/pg_trigger/, [{ mark: 's' }]],
        ],
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

describe('fences that had to stand until the flip', () => {
  const lease = { token: 'the-token', check: async () => {} };

  test('and did are no obstacle', async () => {
    const { move, flips } = scene({ lease, fenceMarks: { from: 'm', to: 's' } });
    await flip.execute(move);
    expect(flips).toHaveLength(1);
  });

  test.each([
    [{ from: 'other', to: 's' }, ['monolith']],
    [{ from: 'm', to: 'other' }, ['service']],
    [{ from: '', to: '' }, ['monolith', 'service']],
  ])('and were opened meanwhile, %j: nothing flips', async (fenceMarks, sides) => {
    const { move, flips } = scene({ lease, fenceMarks });
    await expect(flip.execute(move)).rejects.toMatchObject({
      code: 'FENCE_OPENED',
      details: { sides },
    });
    expect(flips).toEqual([]);
  });

  test('and were moved by whoever overtook this move: that is what it hears', async () => {
    const lost = Object.assign(new Error('lost'), { code: 'LEASE_LOST' });
    const { move, flips } = scene({
      lease: { ...lease, check: () => Promise.reject(lost) },
      fenceMarks: { from: 'other', to: 's' },
    });
    await expect(flip.execute(move)).rejects.toBe(lost);
    expect(flips).toEqual([]);
  });
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
