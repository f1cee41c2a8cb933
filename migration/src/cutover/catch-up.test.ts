import { describe, expect, test } from '@jest/globals';
import { type Answers, fakeMove } from '../../test/support/fake-move.ts';
import { catchUp, closeStream, takeStopPosition } from './catch-up.ts';

const stream = (position: string, state = 'open') => ({
  epoch: '3',
  position,
  state,
  rows_applied: '0',
  checkpoint: '{"place":"7"}',
});
const guard = [/strangler\.move_guards/, [{}]] as const;

test('the stop position is taken first, and only then the probe that commits behind it is written', async () => {
  const { move, said, values } = fakeMove(
    {},
    { monolith: [[/pg_current_wal_insert_lsn/, [{ lsn: '0/50' }]]] },
  );
  expect(await takeStopPosition.execute(move)).toEqual({ stop: '0/50' });
  expect(move.stop).toBe('0/50');
  expect(said).toEqual([
    expect.stringMatching(/^monolith: SELECT pg_current_wal_insert_lsn/),
    'stop-position middle',
    expect.stringMatching(/^monolith: INSERT INTO strangler.probe/),
  ]);
  expect(values.at(-1)).toEqual(['catalog', 'forward', 'the-move']);
  expect(await takeStopPosition.dryRun(move)).toEqual({ now: '0/50' });
  expect(said).toHaveLength(4);
});

describe('catching up', () => {
  const scene = (
    positions: readonly string[],
    left: readonly (readonly string[])[] = [[]],
    more = {},
  ) => {
    const [places, rests] = [[...positions], [...left]];
    const asked: unknown[] = [];
    const next = <T>(list: T[]): T | undefined => (list.length > 1 ? list.shift() : list[0]);
    const service: Answers = [
      [/FROM strangler.streams/, () => places.slice(0, 1).map(() => stream(next(places) ?? ''))],
    ];
    const monolith: Answers = [
      [/current_database/, [{ name: 'shop' }]],
      [/confirmed_flush_lsn/, [{ lsn: '0/4F' }]],
    ];
    const transport = {
      unapplied: async (...args: unknown[]) => (asked.push(args), next(rests) ?? []),
    };
    const settings = { catchUpTimeoutMs: 200 };
    const told = { stop: '0/50', transport, settings, ...more } as never;
    return { ...fakeMove(told, { service, monolith }), asked };
  };

  test('ends when everything up to the stop position is applied: that position itself is enough, one before it is not', async () => {
    const { move, said } = scene(['0/10', '0/4F', '0/50']);
    expect(await catchUp.execute(move)).toMatchObject({ position: '0/50', confirmed: '0/4F' });
    expect(said.filter((line) => /^service: .*strangler.streams/.test(line))).toHaveLength(4);
  });

  test('is refused when the position is not reached in time, and says where the worker stands', async () => {
    await expect(catchUp.execute(scene(['0/4F']).move)).rejects.toMatchObject({
      code: 'CATCH_UP_TIMEOUT',
      message: 'the worker stands at 0/4F and did not reach 0/50 within 200 ms',
    });
    await expect(catchUp.execute(scene([]).move)).rejects.toMatchObject({
      details: { position: 'no position', stop: '0/50' },
    });
  });

  test('waits no longer than the hold may last', async () => {
    const { move } = scene(['0/4F'], [[]], { deadline: performance.now() + 50 });
    const began = performance.now();
    await expect(catchUp.execute(move)).rejects.toMatchObject({ code: 'CATCH_UP_TIMEOUT' });
    expect(performance.now() - began).toBeLessThan(180);
  });

  test('goes on until the transport says too that nothing is left', async () => {
    const { move, asked } = scene(['0/60'], [['p/0: 1 of 2'], []]);
    expect(await catchUp.execute(move)).toMatchObject({ position: '0/60' });
    expect(asked).toHaveLength(2);
    expect(asked[0]).toEqual([
      expect.objectContaining({ direction: 'forward', url: 'postgresql://monolith' }),
      {
        checkpoint: { place: '7' },
        tables: [{ schema: 'public', table: 'products' }],
        signal: expect.any(AbortSignal),
      },
    ]);
    await expect(catchUp.execute(scene(['0/60'], [['p/0: 1 of 2']]).move)).rejects.toMatchObject({
      code: 'CATCH_UP_TIMEOUT',
      details: { left: ['p/0: 1 of 2'] },
    });
  });

  test('knows its stop position, or nothing is waited for', async () => {
    const { move, said } = scene(['0/60'], [[]], { stop: undefined });
    await expect(catchUp.execute(move)).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(closeStream.execute(move)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(said).toEqual([]);
  });

  test('a dry run tells where the worker stands, and that there is none', async () => {
    expect(await catchUp.dryRun(scene(['0/10']).move)).toEqual({ position: '0/10', state: 'open' });
    await expect(catchUp.dryRun(scene([]).move)).rejects.toMatchObject({
      code: 'CATCH_UP_TIMEOUT',
    });
  });
});

describe('closing the stream', () => {
  const scene = (closed: readonly string[], dead = '0') =>
    fakeMove(
      { stop: '0/50', deadline: performance.now() + 800 },
      {
        service: [
          guard,
          [/UPDATE strangler.streams/, closed.map((position) => ({ position }))],
          [/strangler.dead_letters/, [{ count: dead }]],
        ],
      },
    );

  test('claims the move, closes at the stop position in its epoch, and looks at the dead letters, all in one transaction', async () => {
    const { move, said, values } = scene(['0/58']);
    expect(await closeStream.execute(move)).toEqual({ position: '0/58' });
    expect(
      said.map((line) => /BEGIN|guards|lock_timeout|streams|dead|COMMIT/.exec(line)?.[0]),
    ).toEqual(['BEGIN', 'guards', 'lock_timeout', 'streams', 'dead', 'COMMIT']);
    expect(new Set(said.map((line) => line.split(':')[0]))).toEqual(new Set(['service']));
    expect(values[3]).toEqual(['catalog', 'forward', 3, '0/50']);
    expect(values[4]).toEqual(['catalog', 'forward']);
    // It waits for a batch that is being applied, but not longer than the hold.
    const [, milliseconds] = /lock_timeout = (\d+)/.exec(said[2] ?? '') ?? [];
    expect(Number(milliseconds)).toBeGreaterThan(1);
    expect(Number(milliseconds)).toBeLessThanOrEqual(800);
  });

  test('one of the last changes could not be applied: nothing is closed', async () => {
    const { move, said } = scene(['0/58'], '2');
    await expect(closeStream.execute(move)).rejects.toMatchObject({
      code: 'DEAD_LETTERS',
      details: { open: 2 },
    });
    expect(said.at(-1)).toBe('service: ROLLBACK');
    expect(said).not.toContain('service: COMMIT');
  });

  test('a stream that is not there, of another epoch or behind: nothing is closed', async () => {
    const { move, said } = scene([]);
    await expect(closeStream.execute(move)).rejects.toMatchObject({ code: 'CATCH_UP_TIMEOUT' });
    expect(said.at(-1)).toBe('service: ROLLBACK');
  });

  test('an undo opens it again in its epoch, under the claim', async () => {
    const { move, said, values } = scene(['0/58']);
    expect(await closeStream.undo?.(move)).toEqual({ reopened: true });
    expect(said.map((line) => /BEGIN|guards|streams|COMMIT/.exec(line)?.[0])).toEqual([
      'BEGIN',
      'guards',
      'streams',
      'COMMIT',
    ]);
    expect(values[2]).toEqual(['catalog', 'forward', 3]);
    expect(await closeStream.dryRun(move)).toEqual({});
  });
});
