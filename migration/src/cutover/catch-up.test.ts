import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Answers, fakeMove, turn } from '../../test/support/fake-move.ts';
import { catchUp, closeStream, takeStopPosition } from './catch-up.ts';

const stream = (position: string, state = 'open') => ({
  epoch: '3',
  position,
  state,
  rows_applied: '0',
  checkpoint: '{"place":"7"}',
  history: null,
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
  // The limits pass on a clock that the test turns.
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());
  const played = async (work: Promise<unknown>): Promise<unknown> => {
    const outcome = work.catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(5000);
    return outcome;
  };

  const next = <T>(list: T[]): T | undefined => (list.length > 1 ? list.shift() : list[0]);
  /** Positions that the target shows one after the other, and what the transport says is left; the last of each stays. */
  const scene = (
    positions: readonly (string | undefined)[],
    left: readonly (readonly string[])[] = [[]],
    more: { slots?: object[] } & Record<string, unknown> = {},
  ) => {
    const [places, rests] = [[...positions], [...left]];
    const asked: { source: object; about: { signal: AbortSignal } & object; at: number }[] = [];
    const service: Answers = [
      [
        /FROM strangler.streams/,
        () => {
          const place = next(places);
          return place === undefined ? [] : [stream(place)];
        },
      ],
    ];
    const monolith: Answers = [
      [/current_database/, [{ name: 'shop' }]],
      [/confirmed_flush_lsn/, (more.slots as never) ?? [{ lsn: '0/4F' }]],
    ];
    const transport = {
      unapplied: async (source: object, about: { signal: AbortSignal }) => {
        asked.push({ source, about, at: performance.now() });
        await turn();
        return next(rests) ?? [];
      },
    };
    const settings = { catchUpTimeoutMs: 200 };
    const told = { stop: '0/50', transport, settings, ...more } as never;
    return { ...fakeMove(told, { service, monolith }), asked };
  };

  test('ends when everything up to the stop position is applied: that position itself is enough, one before it is not', async () => {
    const { move, said, values } = scene(['0/10', '0/4F', '0/50']);
    const done = await played(catchUp.execute(move));
    expect(done).toMatchObject({ stop: '0/50', position: '0/50', confirmed: '0/4F' });
    expect(said.filter((line) => /^service: .*strangler.streams/.test(line))).toHaveLength(4);
    expect(values.at(-1)).toEqual([expect.stringMatching(/^strangler_catalog_/)]);
    // Two looks were in vain, ten milliseconds each.
    const { waitedMs } = done as { waitedMs: number };
    expect([waitedMs >= 20, waitedMs < 60]).toEqual([true, true]);
  });

  test('is refused when the position is not reached in time, and says where the worker stands', async () => {
    expect(await played(catchUp.execute(scene(['0/4F']).move))).toMatchObject({
      code: 'CATCH_UP_TIMEOUT',
      message: 'the worker stands at 0/4F and did not reach 0/50 within 200 ms',
      details: { position: '0/4F', stop: '0/50' },
    });
    expect(await played(catchUp.execute(scene([undefined]).move))).toMatchObject({
      details: { position: 'no position', stop: '0/50' },
    });
  });

  test('waits no longer than the hold may last', async () => {
    const { move } = scene(['0/4F'], [[]], { deadline: performance.now() + 50 });
    expect(await played(catchUp.execute(move))).toMatchObject({
      code: 'CATCH_UP_TIMEOUT',
      message: expect.stringMatching(/within 50 ms$/),
    });
  });

  test('waits for the references as well, each up to the stop position, in the same time', async () => {
    const references = ['lands', 'users'];
    const late = scene(['0/50', '0/4F', '0/50', '0/4F', '0/58'], [[]], { references });
    expect(await played(catchUp.execute(late.move))).toMatchObject({
      position: '0/50',
      references: { lands: '0/50', users: '0/58' },
    });
    const asked = late.values.filter(([, direction]) => direction === 'forward');
    expect(asked.map(([context]) => context)).toEqual([
      'catalog',
      'lands',
      'lands',
      'users',
      'users',
      'catalog',
    ]);
    const { move, asked: transport } = scene(['0/50', '0/50', '0/4F'], [[]], { references });
    expect(await played(catchUp.execute(move))).toMatchObject({
      code: 'CATCH_UP_TIMEOUT',
      message: 'the worker of the reference users stands at 0/4F and did not reach 0/50 in time',
      details: { reference: 'users', stop: '0/50', position: '0/4F' },
      remedy: expect.stringContaining('strangler replicate users'),
    });
    expect(transport).toEqual([]);
    const absent = scene(['0/50', undefined], [[]], { references });
    expect(await played(catchUp.execute(absent.move))).toMatchObject({
      details: { reference: 'lands', position: 'no position' },
    });
  });

  test('goes on until the transport says too that nothing is left', async () => {
    const { move, asked } = scene(['0/60'], [['p/0: 1 of 2'], []]);
    expect(await played(catchUp.execute(move))).toMatchObject({ position: '0/60' });
    expect(asked).toHaveLength(2);
    expect(asked[0]).toMatchObject({
      source: { direction: 'forward', url: 'postgresql://monolith' },
      about: { checkpoint: { place: '7' }, tables: [{ schema: 'public', table: 'products' }] },
    });
  });

  test('says what is left, and asks no longer than both waits may take together', async () => {
    const late = Array.from({ length: 12 }, () => '0/4F');
    const { move, asked } = scene([...late, '0/60'], [['a', 'b', 'c', 'd', 'e', 'f']]);
    const began = performance.now();
    expect(await played(catchUp.execute(move))).toMatchObject({
      code: 'CATCH_UP_TIMEOUT',
      message: 'changes of catalog are left in the transport: a; b; c; d; e',
      details: { left: ['a', 'b', 'c', 'd', 'e', 'f'] },
    });
    expect((asked[0]?.at ?? 0) - began).toBeGreaterThan(120);
    expect((asked.at(-1)?.at ?? 0) - began).toBeLessThan(270);
  });

  test('gives a look at the transport up when the move is cancelled', async () => {
    const abort = new AbortController();
    const { move, asked } = scene(['0/60'], [[]], { signal: abort.signal });
    await played(catchUp.execute(move));
    expect(asked[0]?.about.signal.aborted).toBe(false);
    abort.abort();
    expect(asked[0]?.about.signal.aborted).toBe(true);
  });

  test('a position that vanished, and a slot that is gone, are told as such', async () => {
    const { move, asked } = scene(['0/60', undefined], [[]], { slots: [] });
    expect(await played(catchUp.execute(move))).toMatchObject({ confirmed: null });
    expect(asked[0]?.about).toMatchObject({ checkpoint: {} });
  });

  test('knows its stop position, or nothing is waited for', async () => {
    const { move, said } = scene(['0/60'], [[]], { stop: undefined });
    expect(await played(catchUp.execute(move))).toMatchObject({ code: 'INTERNAL' });
    expect(await played(closeStream.execute(move))).toMatchObject({ code: 'INTERNAL' });
    expect(said).toEqual([]);
  });

  test('a dry run tells where the worker stands, and that there is none', async () => {
    expect(await played(catchUp.dryRun(scene(['0/10']).move))).toEqual({
      position: '0/10',
      state: 'open',
    });
    expect(await played(catchUp.dryRun(scene([undefined]).move))).toMatchObject({
      code: 'CATCH_UP_TIMEOUT',
    });
    const references = ['lands'];
    const beside = scene(['0/10', '0/20'], [[]], { references });
    expect(await played(catchUp.dryRun(beside.move))).toMatchObject({
      position: '0/10',
      references: { lands: '0/20' },
    });
    const absent = scene(['0/10', undefined], [[]], { references });
    expect(await played(catchUp.dryRun(absent.move))).toMatchObject({
      code: 'CATCH_UP_TIMEOUT',
      details: { reference: 'lands' },
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

  test('never waits without an end, and no longer than five seconds where no write waits', async () => {
    for (const [deadline, limit] of [
      [performance.now() - 1, 1],
      [undefined, 5000],
    ] as const) {
      const { move, said } = scene(['0/58']);
      move.deadline = deadline;
      await closeStream.execute(move);
      expect(said[2]).toBe(`service: SET LOCAL lock_timeout = ${limit}`);
    }
  });

  test.each([1, 2])(
    '%d of the last changes could not be applied: nothing is closed',
    async (open) => {
      const { move, said } = scene(['0/58'], String(open));
      await expect(closeStream.execute(move)).rejects.toMatchObject({
        code: 'DEAD_LETTERS',
        details: { open },
      });
      expect(said.at(-1)).toBe('service: ROLLBACK');
      expect(said).not.toContain('service: COMMIT');
    },
  );

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
