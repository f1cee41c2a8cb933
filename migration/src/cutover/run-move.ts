import { isStranglerError, StranglerError } from '@strangler-toolkit/plan';
import { flipLanded } from './move-record.ts';
import { cancelled, type Detail, type MoveState, type MoveStep, whyStopped } from './move-state.ts';

export interface StepResult {
  readonly step: string;
  readonly status: 'done' | 'failed' | 'undone' | 'undo-failed' | 'planned';
  readonly seconds: number;
  readonly detail: Detail;
}

export interface RunResult {
  /** `unfinished`: some of it is not done yet; the worker or the next command completes it. */
  readonly outcome: 'done' | 'aborted' | 'unfinished';
  readonly steps: StepResult[];
  readonly error?: StranglerError;
}

/** Steps after the flip, and undos, are tried this often before they are left to the recovery. */
const persistence = { attempts: 5, pauseMs: 300 };

export const asStranglerError = (error: unknown, where: string): StranglerError =>
  isStranglerError(error)
    ? error
    : new StranglerError(
        'INTERNAL',
        `${where}: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      );

const errorDetail = (error: StranglerError): Detail => ({
  code: error.code,
  message: error.message,
  ...error.details,
});

async function persistently(
  work: () => Promise<Detail>,
  attempts = persistence.attempts,
): Promise<Detail> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      // Overtaken: whoever took over does it.
      if (attempt >= attempts || (isStranglerError(error) && error.code === 'LEASE_LOST'))
        throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, persistence.pauseMs * attempt);
      });
    }
  }
}

async function journal(
  move: MoveState,
  step: string,
  status: 'started' | 'done' | 'failed' | 'aborted',
  detail: Detail = {},
): Promise<void> {
  await move.control.journal.append({
    context: move.definition.context,
    actor: move.actor,
    moveId: move.moveId,
    step,
    status,
    detail,
  });
}

/** The journal tells the story; whether the owner changed never depends on a line of it that could not be written. */
const journalIfPossible = (...args: Parameters<typeof journal>): Promise<void> =>
  journal(...args).catch(() => {});

async function executed(move: MoveState, step: MoveStep): Promise<Detail> {
  try {
    return await step.execute(move);
  } catch (error) {
    throw whyStopped(error, move.signal);
  }
}

async function perform(move: MoveState, step: MoveStep): Promise<Detail> {
  await move.lease.check();
  if (step.phase !== 'after') {
    if (move.signal.aborted) throw cancelled(move.signal);
    if (move.deadline !== undefined && performance.now() > move.deadline) {
      throw new StranglerError(
        'TIMEOUT',
        `writes were held for ${move.settings.holdTimeoutMs} ms and ${step.name} had not begun`,
        {
          remedy:
            'Nothing was changed. See the seconds of each step, and raise cutover.holdTimeoutMs if they are what they must be.',
        },
      );
    }
  }
  await journal(move, step.name, 'started');
  await move.onStep({ step: step.name, moment: 'started' });
  const detail = await executed(move, step);
  await move.onStep({ step: step.name, moment: 'acted' });
  // The flip writes its own row, in its own transaction.
  if (step.phase !== 'flip') await journal(move, step.name, 'done', detail);
  await move.onStep({ step: step.name, moment: 'done' });
  return detail;
}

/** Undoes in reverse order. Each on its own: an unreachable target must not keep the source fenced. */
export async function undoAll(
  move: MoveState,
  steps: readonly MoveStep[],
  why: StranglerError | undefined,
): Promise<RunResult> {
  const results: StepResult[] = [];
  let failure: StranglerError | undefined;
  move.deadline = undefined;
  const undoable = steps
    .filter((step) => step.phase === 'before' && step.undo !== undefined)
    .reverse();
  for (const step of undoable) {
    const began = performance.now();
    const seconds = (): number => (performance.now() - began) / 1000;
    try {
      await move.onStep({ step: step.name, moment: 'undoing' });
      const detail = await persistently(async () => (await step.undo?.(move)) ?? {}, 3);
      await journalIfPossible(move, step.name, 'aborted', detail);
      await move.onStep({ step: step.name, moment: 'undone' });
      results.push({ step: step.name, status: 'undone', seconds: seconds(), detail });
    } catch (error) {
      const known = asStranglerError(error, `undo of ${step.name}`);
      failure ??= known;
      results.push({
        step: step.name,
        status: 'undo-failed',
        seconds: seconds(),
        detail: errorDetail(known),
      });
      if (known.code === 'LEASE_LOST') break;
    }
  }
  if (failure) {
    await journalIfPossible(move, 'move', 'failed', { ...errorDetail(failure), undone: false });
    return { outcome: 'unfinished', steps: results, error: why ?? failure };
  }
  try {
    await journal(move, 'move', 'aborted', why ? errorDetail(why) : { recovered: true });
    return { outcome: 'aborted', steps: results, ...(why && { error: why }) };
  } catch (error) {
    return {
      outcome: 'unfinished',
      steps: results,
      error: why ?? asStranglerError(error, 'journal'),
    };
  }
}

/** The steps after the point of no return, again and again until they are done. */
export async function rollForward(move: MoveState, steps: readonly MoveStep[]): Promise<RunResult> {
  const results: StepResult[] = [];
  for (const step of steps.filter((candidate) => candidate.phase === 'after')) {
    const began = performance.now();
    try {
      const detail = await persistently(() => perform(move, step));
      results.push({
        step: step.name,
        status: 'done',
        seconds: (performance.now() - began) / 1000,
        detail,
      });
    } catch (error) {
      const known = asStranglerError(error, step.name);
      await journalIfPossible(move, step.name, 'failed', errorDetail(known));
      results.push({
        step: step.name,
        status: 'failed',
        seconds: (performance.now() - began) / 1000,
        detail: errorDetail(known),
      });
      return { outcome: 'unfinished', steps: results, error: known };
    }
  }
  try {
    await journal(move, 'move', 'done', { writePauseMs: move.writePauseMs ?? null });
    return { outcome: 'done', steps: results };
  } catch (error) {
    return { outcome: 'unfinished', steps: results, error: asStranglerError(error, 'journal') };
  }
}

/** Whether the owner changed, when the flip itself could not say. Undefined: nobody can tell yet. */
export type FlipWitness = (move: MoveState) => Promise<boolean | undefined>;

const controlDatabase: FlipWitness = (move) =>
  flipLanded(move.control, move.definition.context, move.moveId, 5000);

/** Never throws: what happened is in the result. */
export async function runMove(
  move: MoveState,
  steps: readonly MoveStep[],
  flipWitness: FlipWitness = controlDatabase,
): Promise<RunResult> {
  const results: StepResult[] = [];
  // A database that stops answering would keep writes waiting for as long as TCP does.
  const cutter = setInterval(() => {
    if (move.deadline !== undefined && performance.now() > move.deadline + 500) move.sides.cut();
  }, 100);
  try {
    for (const step of steps) {
      if (step.phase === 'after') continue;
      const began = performance.now();
      try {
        const detail = await perform(move, step);
        results.push({
          step: step.name,
          status: 'done',
          seconds: (performance.now() - began) / 1000,
          detail,
        });
      } catch (error) {
        const known = asStranglerError(error, step.name);
        results.push({
          step: step.name,
          status: 'failed',
          seconds: (performance.now() - began) / 1000,
          detail: errorDetail(known),
        });
        const landed = step.phase === 'flip' ? await flipWitness(move) : false;
        if (landed === true) break;
        await journalIfPossible(move, step.name, 'failed', errorDetail(known));
        // Nobody can tell which side owns the data: both stay fenced until the control database answers and recovery decides.
        if (landed === undefined) return { outcome: 'unfinished', steps: results, error: known };
        const undone = await undoAll(move, steps, known);
        return { ...undone, steps: [...results, ...undone.steps] };
      }
    }
    move.deadline = undefined;
    const forward = await rollForward(move, steps);
    return { ...forward, steps: [...results, ...forward.steps] };
  } finally {
    clearInterval(cutter);
  }
}

export async function planMove(
  move: MoveState,
  steps: readonly MoveStep[],
): Promise<{ steps: StepResult[]; error?: StranglerError }> {
  const results: StepResult[] = [];
  let first: StranglerError | undefined;
  for (const step of steps) {
    const began = performance.now();
    try {
      results.push({
        step: step.name,
        status: 'planned',
        detail: await step.dryRun(move),
        seconds: (performance.now() - began) / 1000,
      });
    } catch (error) {
      const known = asStranglerError(error, step.name);
      first ??= known;
      results.push({
        step: step.name,
        status: 'failed',
        detail: errorDetail(known),
        seconds: (performance.now() - began) / 1000,
      });
    }
  }
  return { steps: results, ...(first && { error: first }) };
}
