import { expect, test } from '@jest/globals';
import type pg from 'pg';
import type { ContextRow, Control } from '../control/index.ts';
import { lookAtOwners, type Sides } from './require-agreement.ts';

const row = { context: 'goods', owner: 'monolith', epoch: 3 } as ContextRow;

/** A move that has flipped and ends as soon as somebody has looked at the sides: the monolith was not told before. */
function ending() {
  let over = false;
  const side = (epoch: number) => async () =>
    ({
      query: async () => {
        over = true;
        const owner = epoch === 3 ? 'monolith' : 'service';
        return { rows: [{ id: 'owners', owner, epoch: String(epoch), start: null }] };
      },
    }) as unknown as pg.Client;
  const sides: Sides = { monolith: side(2), service: side(3) };
  const unfinished = async () => (over ? [] : [{ flipped: true }]);
  return { control: { moves: { unfinished } } as unknown as Control, sides };
}

test('a side that is told while it is looked at did not fall back', async () => {
  const { control, sides } = ending();
  expect((await lookAtOwners(control, row, sides, 1_000)).found).toBeNull();
  // and once the move is over, it did
  expect((await lookAtOwners(control, row, sides, 1_000)).found).toMatchObject({
    code: 'SIDE_FELL_BACK',
    side: 'monolith',
  });
});
