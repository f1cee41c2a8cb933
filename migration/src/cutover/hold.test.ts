import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { fakeMove, turn } from '../../test/support/fake-move.ts';
import { LEASE_TTL_MS } from '../control/leases.ts';
import { hold, release } from './hold.ts';

// What a hold may last passes on a clock that the test turns.
beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

async function played<T>(work: Promise<T> | undefined): Promise<T | undefined> {
  const outcome = Promise.allSettled([work]);
  await jest.advanceTimersByTimeAsync(5000);
  await outcome;
  return work;
}

interface Instance {
  readonly name?: string;
  readonly alive?: boolean;
  readonly epoch?: number | null;
  readonly holdId?: string | null;
  readonly drained?: boolean;
}
const held: Instance = { alive: true, epoch: 3, holdId: 'the-move', drained: true };

/** A control database whose facades say something else each time they are asked; the last word stays. */
function scene(...looks: (readonly Instance[])[]) {
  const calls: unknown[] = [];
  let asked = 0;
  let minutes = 0;
  const control = {
    now: async () => `2026-11-29T01:0${minutes++}:00Z`,
    liftHold: async (...args: unknown[]) => {
      await turn();
      calls.push(['lift', ...args]);
    },
    moves: {
      holdWrites: async (lease: { token: string }, ...rest: unknown[]) => {
        await turn();
        calls.push(['hold', lease.token, ...rest]);
      },
    },
    instances: {
      forContext: async () => {
        const look = looks[Math.min(asked, looks.length - 1)] ?? [];
        asked += 1;
        return look.map((one, index) => ({
          name: `facade ${index + 1}`,
          instanceId: `${index + 1}2345678-0`,
          ...one,
        }));
      },
    },
  };
  const settings = { holdTimeoutMs: 300 } as never;
  return { ...fakeMove({ control, settings }), calls, asked: () => asked };
}

describe('a hold', () => {
  test('is told to the facades with the move as its id, and outlasts the move and a lease that died with it', async () => {
    const { move, calls } = scene([held]);
    const began = performance.now();
    expect(await played(hold.execute(move))).toEqual({ instances: ['facade 1'], gone: [] });
    const [, token, id, milliseconds] = calls[0] as [string, string, string, number];
    expect([token, id]).toEqual(['the-token', 'the-move']);
    // A recovery begins when the lease has run out, and must find the writes still waiting.
    expect(milliseconds - 300 - LEASE_TTL_MS).toBeGreaterThanOrEqual(1000);
    expect((move.deadline ?? 0) - began).toBe(300);
    expect(move.heldAt).toBe('2026-11-29T01:00:00Z');
  });

  test('is told before anybody is asked whether it holds, and whoever watches sees it stand', async () => {
    const { move, calls, asked } = scene([held]);
    const seen: unknown[] = [];
    const watched = {
      ...move,
      onStep: async (moment: object) =>
        void seen.push({ ...moment, told: calls.length, asked: asked() }),
    };
    await played(hold.execute(watched));
    expect(seen).toEqual([{ step: 'hold', moment: 'middle', told: 1, asked: 1 }]);
  });

  test('waits until every facade holds this move and has no write in flight', async () => {
    const { move, asked } = scene(
      [held],
      [
        { ...held, holdId: null },
        { ...held, drained: false },
      ],
      [held, { ...held, drained: false }],
      [{ ...held, holdId: 'another' }, held],
      [held, held],
    );
    expect(await played(hold.execute(move))).toEqual({
      instances: ['facade 1', 'facade 2'],
      gone: [],
    });
    expect(asked()).toBe(5);
  });

  test.each([
    ['writes in flight', { ...held, drained: false }],
    ['not seen the hold', { ...held, holdId: null }],
    ['not seen the hold', { ...held, holdId: 'another' }],
    ['does not know the context', { ...held, epoch: null, holdId: null, drained: false }],
  ])('ends when a facade has %s, and names it', async (lacks, instance) => {
    const { move } = scene([held, instance]);
    const began = performance.now();
    let ended = began;
    const refused = await played(
      hold.execute(move).finally(() => {
        ended = performance.now();
      }),
    ).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'HOLD_TIMEOUT',
      message: expect.stringMatching(
        new RegExp(`everywhere: facade 2 \\(22345678\\): .*${lacks}$`),
      ),
      details: { waiting: ['facade 2'] },
    });
    // Half of what the hold may last: the rest is for the steps that follow.
    expect(ended - began).toBeGreaterThanOrEqual(150);
    expect(ended - began).toBeLessThan(180);
  });

  test('does not wait for a facade that is gone: the fence keeps it out', async () => {
    const gone = { ...held, alive: false, drained: false, holdId: null };
    const { move } = scene([held, gone]);
    expect(await played(hold.execute(move))).toEqual({
      instances: ['facade 1'],
      gone: ['facade 2'],
    });
  });

  test('needs a facade that is alive, unless it was said that there is none', async () => {
    const gone = { ...held, alive: false };
    const { move, calls } = scene([gone]);
    await expect(played(hold.execute(move))).rejects.toMatchObject({ code: 'NO_FACADE' });
    await expect(hold.dryRun(move)).rejects.toMatchObject({ code: 'NO_FACADE' });
    expect(calls).toEqual([]);
    const alone = { ...move, noFacade: true };
    expect(await played(hold.execute(alone))).toEqual({ instances: [], gone: ['facade 1'] });
    expect(await hold.dryRun(alone)).toMatchObject({ instances: [] });
  });

  test('a dry run tells who would hold, who is gone and who does not know the context', async () => {
    const { move, calls } = scene([held, { ...held, alive: false }, { ...held, epoch: null }]);
    expect(await hold.dryRun(move)).toEqual({
      instances: ['facade 1', 'facade 3'],
      gone: ['facade 2'],
      unaware: ['facade 3'],
    });
    expect(calls).toEqual([]);
  });

  test('ends with the move: only this hold is lifted, and how long writes waited is measured', async () => {
    const { move, calls } = scene([held]);
    await played(hold.execute(move));
    expect(await played(release.execute(move))).toEqual({ writePauseMs: 60_000 });
    expect(calls.at(-1)).toEqual(['lift', 'catalog', 'the-move']);
    expect(move.deadline).toBeUndefined();
  });

  test('an undo lifts it too, also in a recovery, which measured nothing', async () => {
    const { move, calls } = scene([held]);
    expect(await played(hold.undo?.(move))).toEqual({});
    expect(calls).toEqual([['lift', 'catalog', 'the-move']]);
    expect(move.writePauseMs).toBeUndefined();
    expect(await played(release.execute(move))).toEqual({ writePauseMs: null });
    expect(await release.dryRun(move)).toEqual({});
  });
});
