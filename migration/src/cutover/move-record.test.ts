import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Control } from '../control/index.ts';
import { flipLanded, takeNumber, unfinishedMoves } from './move-record.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const moves = (store: object): Control => ({ moves: store }) as unknown as Control;

describe('whether the owner changed', () => {
  /** `failures`: so many questions are not answered. */
  const asked = async (failures: number, landed = true) => {
    const calls: unknown[][] = [];
    const control = moves({
      flipLanded: async (...args: unknown[]) => {
        calls.push(args);
        if (calls.length <= failures) throw new Error('no answer');
        return landed;
      },
    });
    const told = flipLanded(control, 'catalog', 'the-move', 1000);
    await jest.advanceTimersByTimeAsync(2000);
    return { told: await told, calls };
  };

  test.each([true, false])('the control database says it: %s', async (landed) => {
    expect(await asked(0, landed)).toEqual({ told: landed, calls: [['catalog', 'the-move']] });
  });

  test('it is asked again while it does not answer', async () => {
    expect((await asked(3)).told).toBe(true);
    expect((await asked(3, false)).told).toBe(false);
  });

  test('its silence is no answer: neither yes nor no', async () => {
    const { told, calls } = await asked(Infinity);
    expect(told).toBeUndefined();
    expect(calls).toHaveLength(5);
  });
});

test('a number is taken under the lease, for its context', async () => {
  const calls: unknown[] = [];
  const begin = async (...args: unknown[]) => (calls.push(...args), { number: '9', control: 'c' });
  const lease = { context: 'catalog', token: 't' } as never;
  const entry = { moveId: 'm', actor: 'a', step: 'move', epoch: 3, detail: {} } as const;
  expect(await takeNumber(moves({ begin }), lease, entry)).toEqual({
    context: 'catalog',
    number: '9',
    control: 'c',
  });
  expect(calls).toEqual([lease, entry]);
});

test('an unfinished move is told with what it wrote down before it touched anything', async () => {
  const [from, to] = [[{ schema: 'a', table: 'b' }], [{ schema: 'c', table: 'd' }]];
  const detail = { move: 'rollback', from, to, sourceFence: 'audit' };
  const unfinished = async (context: string) => [
    { moveId: context, epoch: 4, detail, flipped: true },
  ];
  expect(await unfinishedMoves(moves({ unfinished }), 'catalog')).toEqual([
    {
      moveId: 'catalog',
      epoch: 4,
      kind: 'rollback',
      from,
      to,
      sourceFence: 'audit',
      flipped: true,
    },
  ]);
});
