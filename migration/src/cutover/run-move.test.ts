import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { StranglerError } from '@strangler-toolkit/plan';
import type { MoveState, MoveStep, StepMoment } from './move-state.ts';
import { planMove, rollForward, runMove, undoAll } from './run-move.ts';

// The pauses between attempts and the deadline of a hold pass on a clock that the test turns.
beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

async function played<T>(work: Promise<T>): Promise<T> {
  await jest.advanceTimersByTimeAsync(30_000);
  return work;
}

/** What is not waited for comes too late to be seen in its place. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** A move without databases: what its steps, its journal and its watcher were told, in order. */
function scene() {
  const told: string[] = [];
  const abort = new AbortController();
  const refused = { journal: (_line: string): boolean => false };
  const lease: { lost: boolean; checks: number } = { lost: false, checks: 0 };
  let cuts = 0;
  const journaled: { step: string; status: string; detail: unknown; moveId: string }[] = [];
  const move = {
    definition: { context: 'catalog' },
    settings: { holdTimeoutMs: 5000 },
    moveId: 'the-move',
    actor: 'someone',
    deadline: undefined,
    writePauseMs: 12,
    signal: abort.signal,
    onStep: async (moment: StepMoment) => {
      await turn();
      if (moment.moment === 'undoing' || moment.moment === 'undone')
        told.push(`${moment.moment} ${moment.step}`);
    },
    sides: { cut: () => (cuts += 1) },
    lease: {
      check: async () => {
        lease.checks += 1;
        if (lease.lost) throw new StranglerError('LEASE_LOST', 'another command took it');
      },
    },
    control: {
      journal: {
        append: async (entry: (typeof journaled)[number]) => {
          await turn();
          const line = `${entry.step} ${entry.status}`;
          if (refused.journal(line)) throw new Error('the control database is away');
          journaled.push(entry);
          told.push(`journal ${line}`);
        },
      },
    },
  } as unknown as MoveState;
  const step = (
    name: string,
    phase: MoveStep['phase'] = 'before',
    more: Partial<MoveStep> = {},
  ): MoveStep => ({
    name,
    phase,
    execute: async () => {
      told.push(`do ${name}`);
      return { did: name };
    },
    dryRun: async () => ({ would: name }),
    undo: async () => {
      told.push(`undo ${name}`);
      return { undid: name };
    },
    ...more,
  });
  const failing =
    (code: 'TIMEOUT' | 'LEASE_LOST' = 'TIMEOUT') =>
    async () => {
      throw new StranglerError(code, 'it did not work');
    };
  const acts = (): string[] => told.filter((line) => /^(do|undo) /.test(line));
  return {
    move,
    step,
    failing,
    told,
    acts,
    journaled,
    abort,
    lease,
    refused,
    cuts: () => cuts,
    statuses: (result: { steps: readonly { step: string; status: string }[] }) =>
      result.steps.map(({ step: name, status }) => `${name} ${status}`),
  };
}

const never = async (): Promise<never> => {
  throw new Error('the flip was never in doubt');
};

describe('a move that goes well', () => {
  test('does its steps in order, those after the flip last, and journals each before and after', async () => {
    const { move, step, told, statuses } = scene();
    const steps = [step('after', 'after'), step('one'), step('two'), step('flip', 'flip')];
    const result = await played(runMove(move, steps, never));
    expect(result).toMatchObject({ outcome: 'done' });
    expect(result).not.toHaveProperty('error');
    expect(statuses(result)).toEqual(['one done', 'two done', 'flip done', 'after done']);
    expect(told).toEqual([
      'journal one started',
      'do one',
      'journal one done',
      'journal two started',
      'do two',
      'journal two done',
      'journal flip started',
      'do flip',
      'journal after started',
      'do after',
      'journal after done',
      'journal move done',
    ]);
  });

  test('asks for its lease before each step, and tells who did what', async () => {
    const { move, step, lease, journaled } = scene();
    const result = await played(runMove(move, [step('one'), step('flip', 'flip')], never));
    expect(lease.checks).toBe(2);
    expect(journaled[0]).toMatchObject({
      context: 'catalog',
      actor: 'someone',
      moveId: 'the-move',
    });
    expect(journaled[1]).toMatchObject({ step: 'one', status: 'done', detail: { did: 'one' } });
    expect(journaled.at(-1)).toMatchObject({ step: 'move', detail: { writePauseMs: 12 } });
    expect(result.steps.map(({ detail }) => detail)).toEqual([{ did: 'one' }, { did: 'flip' }]);
  });

  test('tells its watcher when a step began, acted and was journaled', async () => {
    const { move, step } = scene();
    const moments: string[] = [];
    const watched = {
      ...move,
      onStep: async (told: StepMoment) => {
        await turn();
        moments.push(`${told.step} ${told.moment}`);
      },
    };
    const acting = async () => {
      moments.push('one acts');
      return {};
    };
    const steps = [step('one', 'before', { execute: acting }), step('after', 'after')];
    await played(runMove(watched, steps, never));
    expect(moments).toEqual([
      'one started',
      'one acts',
      'one acted',
      'one done',
      'after started',
      'after acted',
      'after done',
    ]);
  });
});

describe('what a result says', () => {
  const slow = { execute: async () => (await passing(2000), {}) };
  const passing = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const failsLate = async (): Promise<never> => {
    await passing(2000);
    throw new StranglerError('LEASE_LOST', 'another command took it');
  };

  test('how many seconds each step took, also one that failed and one that was undone', async () => {
    const { move, step } = scene();
    const done = await played(
      runMove(move, [step('one', 'before', slow), step('two', 'after', slow)], never),
    );
    for (const { seconds } of done.steps) expect(seconds).toBeCloseTo(2, 1);
    const failed = await played(
      runMove(
        move,
        [
          step('one', 'before', {
            execute: failsLate,
            undo: async () => (await passing(2000), {}),
          }),
        ],
        never,
      ),
    );
    expect(failed.steps.map(({ status }) => status)).toEqual(['failed', 'undone']);
    for (const { seconds } of failed.steps) expect(seconds).toBeCloseTo(2, 1);
    const forward = await played(rollForward(move, [step('two', 'after', { execute: failsLate })]));
    expect(forward.steps[0]?.seconds).toBeCloseTo(2, 1);
    const planned = await played(
      planMove(move, [
        step('one', 'before', { dryRun: slow.execute }),
        step('two', 'before', { dryRun: failsLate }),
      ]),
    );
    for (const { seconds } of planned.steps) expect(seconds).toBeCloseTo(2, 1);
  });

  test('an undo tells its watcher, and what it did, in order', async () => {
    const { move, step, told } = scene();
    const result = await played(undoAll(move, [step('one')], undefined));
    expect(told).toEqual([
      'undoing one',
      'undo one',
      'journal one aborted',
      'undone one',
      'journal move aborted',
    ]);
    expect(result.steps[0]?.detail).toEqual({ undid: 'one' });
  });

  test('the first undo that failed, when nothing else made the move fail', async () => {
    const { move, step } = scene();
    const undo = (why: string) => async (): Promise<never> => {
      throw new Error(why);
    };
    const steps = [
      step('one', 'before', { undo: undo('later') }),
      step('two', 'before', { undo: undo('sooner') }),
    ];
    const result = await played(undoAll(move, steps, undefined));
    expect(result.error?.message).toBe('undo of two: sooner');
  });

  test('the pauses between the attempts grow: 0.3 s, 0.6 s, 0.9 s, 1.2 s', async () => {
    const { move, step } = scene();
    const tried: number[] = [];
    const execute = async (): Promise<never> => {
      tried.push(performance.now());
      throw new Error('away');
    };
    await played(rollForward(move, [step('open', 'after', { execute })]));
    const pauses = tried.slice(1).map((at, index) => at - (tried[index] ?? 0));
    // A few of these milliseconds are turns of the journal.
    expect(pauses.map((ms) => Math.round(ms / 100))).toEqual([3, 6, 9, 12]);
  });

  test('no pause of writes where none was measured, and that the journal failed', async () => {
    const { move, step, refused, journaled } = scene();
    move.writePauseMs = undefined;
    await played(rollForward(move, [step('open', 'after')]));
    expect(journaled.at(-1)?.detail).toEqual({ writePauseMs: null });
    refused.journal = (line) => line.startsWith('move');
    const forward = await played(rollForward(move, [step('open', 'after')]));
    const back = await played(undoAll(move, [step('one')], undefined));
    for (const { error } of [forward, back])
      expect(error?.message).toBe('journal: the control database is away');
  });
});

describe('a step that fails before the flip', () => {
  test('undoes in reverse what can be undone, also the step that failed, and changes no owner', async () => {
    const { move, step, failing, acts, statuses, journaled } = scene();
    const looks = step('looks');
    Reflect.deleteProperty(looks, 'undo');
    const result = await played(
      runMove(
        move,
        [
          step('one'),
          looks,
          step('two', 'before', { execute: failing() }),
          step('three'),
          step('flip', 'flip'),
          step('after', 'after'),
        ],
        never,
      ),
    );
    expect(result.outcome).toBe('aborted');
    expect(result.error).toMatchObject({ code: 'TIMEOUT' });
    expect(acts()).toEqual(['do one', 'do looks', 'undo three', 'undo two', 'undo one']);
    expect(statuses(result)).toEqual([
      'one done',
      'looks done',
      'two failed',
      'three undone',
      'two undone',
      'one undone',
    ]);
    expect(journaled.slice(-5).map((entry) => `${entry.step} ${entry.status}`)).toEqual([
      'two failed',
      'three aborted',
      'two aborted',
      'one aborted',
      'move aborted',
    ]);
    expect(journaled.at(-1)?.detail).toMatchObject({ code: 'TIMEOUT', message: 'it did not work' });
  });

  test('a stranger among the errors is told with the step it came from', async () => {
    const { move, step } = scene();
    const execute = async (): Promise<never> => {
      throw new Error('socket hang up');
    };
    const result = await played(runMove(move, [step('one', 'before', { execute })], never));
    expect(result.error).toMatchObject({ code: 'INTERNAL', message: 'one: socket hang up' });
  });

  test('an undo that fails keeps no other from being undone, and the move stays unfinished', async () => {
    const { move, step, failing, acts, statuses, journaled } = scene();
    let tries = 0;
    const undo = async (): Promise<never> => {
      tries += 1;
      throw new StranglerError('CONNECTOR_FAILED', 'the target is away');
    };
    const result = await played(
      runMove(
        move,
        [
          step('one'),
          step('two', 'before', { undo }),
          step('three', 'before', { execute: failing() }),
        ],
        never,
      ),
    );
    expect(result.outcome).toBe('unfinished');
    expect(result.error).toMatchObject({ code: 'TIMEOUT' });
    expect(tries).toBe(3);
    expect(acts()).toEqual(['do one', 'do two', 'undo three', 'undo one']);
    expect(statuses(result).slice(-3)).toEqual(['three undone', 'two undo-failed', 'one undone']);
    expect(journaled.at(-1)).toMatchObject({
      step: 'move',
      status: 'failed',
      detail: { code: 'CONNECTOR_FAILED', undone: false },
    });
    expect(journaled).not.toContainEqual(
      expect.objectContaining({ step: 'move', status: 'aborted' }),
    );
  });

  test('an undo that works at its third try was undone', async () => {
    const { move, step } = scene();
    let tries = 0;
    const undo = async () => {
      tries += 1;
      if (tries < 3) throw new Error('not yet');
      return { tries };
    };
    const result = await played(undoAll(move, [step('one', 'before', { undo })], undefined));
    expect(result).toMatchObject({ outcome: 'aborted', steps: [{ detail: { tries: 3 } }] });
    expect(result).not.toHaveProperty('error');
  });

  test('undone but not journaled as undone, it stays for the recovery', async () => {
    const { move, step, failing, refused } = scene();
    refused.journal = (line) => line === 'move aborted';
    const steps = [step('one', 'before', { execute: failing() })];
    const result = await played(runMove(move, steps, never));
    expect(result).toMatchObject({ outcome: 'unfinished', error: { code: 'TIMEOUT' } });
    const unasked = await played(undoAll(move, steps, undefined));
    expect(unasked).toMatchObject({ outcome: 'unfinished', error: { code: 'INTERNAL' } });
  });

  test('what failed is journaled before anything is undone, and before the result is told', async () => {
    const { move, step, failing, told } = scene();
    await played(runMove(move, [step('one', 'before', { execute: failing() })], never));
    expect(told.slice(0, 3)).toEqual(['journal one started', 'journal one failed', 'undoing one']);
    const undo = failing('LEASE_LOST');
    let journaledWhenTold = false;
    await played(
      undoAll(move, [step('one', 'before', { undo })], undefined).then(() => {
        journaledWhenTold = told.includes('journal move failed');
      }),
    );
    expect(journaledWhenTold).toBe(true);
  });

  test('a journal that does not answer keeps nothing from being undone', async () => {
    const { move, step, failing, refused, acts } = scene();
    refused.journal = (line) => / (failed|aborted)$/.test(line);
    const steps = [step('one'), step('two', 'before', { execute: failing() })];
    await played(runMove(move, steps, never));
    expect(acts()).toEqual(['do one', 'undo two', 'undo one']);
  });

  test('a step whose beginning cannot be journaled is not begun', async () => {
    const { move, step, refused, acts } = scene();
    refused.journal = (line) => line === 'two started';
    const result = await played(runMove(move, [step('one'), step('two')], never));
    expect(result.outcome).toBe('aborted');
    expect(acts()).toEqual(['do one', 'undo two', 'undo one']);
  });
});

describe('what ends a move from outside', () => {
  test('cancelled, it begins no further step, undoes, and tells why', async () => {
    const { move, step, abort, acts } = scene();
    const execute = async () => {
      abort.abort(new Error('Ctrl-C'));
      return {};
    };
    const result = await played(
      runMove(move, [step('one', 'before', { execute }), step('two'), step('flip', 'flip')], never),
    );
    expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'CANCELLED' } });
    expect(acts()).toEqual(['undo two', 'undo one']);
  });

  test('what waits with its signal and ends with it is no defect of the toolkit', async () => {
    const { move, step, abort, acts } = scene();
    const execute = async () => {
      const waiting = delay(60_000, {}, { signal: move.signal });
      abort.abort();
      return waiting;
    };
    const result = await played(
      runMove(move, [step('one'), step('two', 'before', { execute }), step('flip', 'flip')], never),
    );
    expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'CANCELLED' } });
    expect(acts()).toEqual(['do one', 'undo two', 'undo one']);
  });

  test('cancelled after the flip, it goes on to the end: there is no way back', async () => {
    const { move, step, abort, acts } = scene();
    const execute = async () => {
      abort.abort();
      return {};
    };
    const steps = [step('flip', 'flip', { execute }), step('after', 'after')];
    expect(await played(runMove(move, steps, never))).toMatchObject({ outcome: 'done' });
    expect(acts()).toEqual(['do after']);
  });

  test('whoever lost the lease does nothing more, not even an undo after the one that told it', async () => {
    const { move, step, failing, acts, statuses, lease } = scene();
    let tries = 0;
    const undo = async (): Promise<never> => {
      tries += 1;
      throw new StranglerError('LEASE_LOST', 'another command took over');
    };
    const execute = async () => {
      lease.lost = true;
      return {};
    };
    const result = await played(
      runMove(
        move,
        [
          step('one'),
          step('two', 'before', { execute, undo }),
          step('three', 'before', { execute: failing() }),
        ],
        never,
      ),
    );
    expect(result).toMatchObject({ outcome: 'unfinished', error: { code: 'LEASE_LOST' } });
    expect(tries).toBe(1);
    expect(acts()).toEqual(['do one', 'undo three']);
    expect(statuses(result).at(-1)).toBe('two undo-failed');
  });

  test('a hold that lasted too long lets no further step begin', async () => {
    const { move, step, acts } = scene();
    const execute = async () => {
      move.deadline = performance.now() + 1000;
      await new Promise((resolve) => setTimeout(resolve, 1001));
      return {};
    };
    const steps = [step('hold', 'before', { execute }), step('two'), step('flip', 'flip')];
    const result = await played(runMove(move, steps, never));
    expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'TIMEOUT' } });
    expect(result.error?.message).toContain('5000 ms');
    expect(acts()).toEqual(['undo two', 'undo hold']);
    expect(move.deadline).toBeUndefined();
  });

  test('a hold in time lets it go on, and no step after the flip is bound by it', async () => {
    const { move, step, acts, cuts } = scene();
    const hold = async () => {
      move.deadline = performance.now() + 1000;
      return {};
    };
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5000));
      return {};
    };
    const result = await played(
      runMove(
        move,
        [
          step('hold', 'before', { execute: hold }),
          step('flip', 'flip'),
          step('slow', 'after', { execute: slow }),
          step('after', 'after'),
        ],
        never,
      ),
    );
    expect(result.outcome).toBe('done');
    expect(acts()).toEqual(['do flip', 'do after']);
    expect(cuts()).toBe(0);
  });

  test('a step that hangs while writes wait is cut off half a second after the deadline', async () => {
    const { move, step, cuts } = scene();
    let end: (() => void) | undefined;
    const execute = async () => {
      move.deadline = performance.now() + 1000;
      await new Promise<void>((resolve) => (end = resolve));
      return {};
    };
    const moving = runMove(move, [step('hold', 'before', { execute })], never);
    await jest.advanceTimersByTimeAsync(1500);
    expect(cuts()).toBe(0);
    await jest.advanceTimersByTimeAsync(200);
    expect(cuts()).toBeGreaterThan(0);
    end?.();
    await played(moving);
    const atTheEnd = cuts();
    move.deadline = performance.now() - 1000;
    await jest.advanceTimersByTimeAsync(1000);
    expect(cuts()).toBe(atTheEnd);
  });
});

describe('a flip that could not say how it ended', () => {
  const doubtful = (landed: boolean | undefined) => {
    const world = scene();
    const { move, step, failing } = world;
    const steps = [
      step('one'),
      step('flip', 'flip', { execute: failing() }),
      step('after', 'after'),
    ];
    return { ...world, result: played(runMove(move, steps, async () => landed)) };
  };

  test('had landed: only forward', async () => {
    const { result, acts, statuses } = doubtful(true);
    expect((await result).outcome).toBe('done');
    expect(acts()).toEqual(['do one', 'do after']);
    expect(statuses(await result)).toEqual(['one done', 'flip failed', 'after done']);
  });

  test('had not landed: undone', async () => {
    const { result, acts } = doubtful(false);
    expect(await result).toMatchObject({ outcome: 'aborted', error: { code: 'TIMEOUT' } });
    expect(acts()).toEqual(['do one', 'undo one']);
  });

  test('nobody can tell: nothing is undone and nothing goes on, until the recovery knows', async () => {
    const { result, acts, journaled } = doubtful(undefined);
    expect(await result).toMatchObject({ outcome: 'unfinished', error: { code: 'TIMEOUT' } });
    expect(acts()).toEqual(['do one']);
    expect(journaled).not.toContainEqual(
      expect.objectContaining({ step: 'move', status: 'aborted' }),
    );
  });
});

describe('after the point of no return', () => {
  test('a step is tried five times before it is left to the recovery, and what follows waits for it', async () => {
    const { move, step, acts, statuses, journaled } = scene();
    let tries = 0;
    const execute = async (): Promise<never> => {
      tries += 1;
      throw new Error('still away');
    };
    const steps = [
      step('one'),
      step('flip', 'flip'),
      step('open', 'after', { execute }),
      step('close', 'after'),
    ];
    const result = await played(runMove(move, steps, never));
    expect(result).toMatchObject({ outcome: 'unfinished', error: { message: 'open: still away' } });
    expect(tries).toBe(5);
    expect(acts()).toEqual(['do one', 'do flip']);
    expect(statuses(result).at(-1)).toBe('open failed');
    expect(journaled.at(-1)).toMatchObject({ step: 'open', status: 'failed' });
  });

  test('a recovery rolls the same steps forward, and only those', async () => {
    const { move, step, acts } = scene();
    const steps = [
      step('one'),
      step('flip', 'flip'),
      step('open', 'after'),
      step('close', 'after'),
    ];
    expect(await played(rollForward(move, steps))).toMatchObject({ outcome: 'done' });
    expect(acts()).toEqual(['do open', 'do close']);
  });

  test('a lost lease is not waited for', async () => {
    const { move, step, lease } = scene();
    lease.lost = true;
    const result = await played(rollForward(move, [step('open', 'after')]));
    expect(result).toMatchObject({ outcome: 'unfinished', error: { code: 'LEASE_LOST' } });
    expect(lease.checks).toBe(1);
  });

  test('done but not journaled as done, it stays for the recovery', async () => {
    const { move, step, refused } = scene();
    refused.journal = (line) => line === 'move done';
    const result = await played(rollForward(move, [step('open', 'after')]));
    expect(result).toMatchObject({ outcome: 'unfinished', error: { code: 'INTERNAL' } });
  });

  test('a recovery undoes what is before the flip, nothing else, and says that it did', async () => {
    const { move, step, acts, journaled } = scene();
    move.deadline = 1;
    const steps = [step('one'), step('two'), step('flip', 'flip'), step('open', 'after')];
    expect(await played(undoAll(move, steps, undefined))).toMatchObject({ outcome: 'aborted' });
    expect(acts()).toEqual(['undo two', 'undo one']);
    expect(journaled.at(-1)?.detail).toEqual({ recovered: true });
    expect(move.deadline).toBeUndefined();
  });
});

test('a dry run asks every step, also behind one that would refuse, and tells the first refusal', async () => {
  const { move, step, failing, acts, statuses } = scene();
  const result = await planMove(move, [
    step('one'),
    step('two', 'before', { dryRun: failing('TIMEOUT') }),
    step('three', 'before', { dryRun: failing('LEASE_LOST') }),
    step('flip', 'flip'),
  ]);
  expect(statuses(result)).toEqual(['one planned', 'two failed', 'three failed', 'flip planned']);
  expect(result.error).toMatchObject({ code: 'TIMEOUT' });
  expect(result.steps[0]?.detail).toEqual({ would: 'one' });
  expect(acts()).toEqual([]);
  expect(await planMove(move, [step('one')])).not.toHaveProperty('error');
});
