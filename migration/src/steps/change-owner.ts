import { type MigrationDefinition, StranglerError } from '@strangler-toolkit/plan';
import {
  abandon,
  cutover as cutoverData,
  type MoveResult,
  recoverMove,
  retire as retireData,
  rollback as rollbackData,
  type StepResult,
  unfinishedMoves,
} from '../cutover/index.ts';
import { allFlags, routeFlags, shadowFlags } from '../flags/index.ts';
import {
  decideMove,
  enterStage,
  type ForceOptions,
  type GateDecision,
  passGates,
  refusalOf,
} from './gated-move.ts';
import { type DryRun, planned, type Step } from './step.ts';
import type { Toolkit } from './toolkit.ts';

export interface ChangeOwnerOptions extends ForceOptions {
  readonly context: string;
}

export interface MoveOutcome {
  readonly context: string;
  readonly stage: string;
  readonly owner: string;
  readonly epoch: number;
  readonly steps: readonly StepResult[];
  readonly writePauseMs: number | null;
  readonly goneInstances: readonly string[];
}

const places = (kit: Toolkit, definition: MigrationDefinition) => ({
  ...kit.databaseUrls(definition),
  transport: kit.transport(definition),
});

async function outcome(
  kit: Toolkit,
  definition: MigrationDefinition,
  done: {
    steps: readonly StepResult[];
    writePauseMs?: number | null;
    goneInstances?: readonly string[];
  },
): Promise<MoveOutcome> {
  const row = await kit.row(definition);
  return {
    context: definition.context,
    stage: row.stage,
    owner: row.owner,
    epoch: row.epoch,
    steps: done.steps,
    writePauseMs: done.writePauseMs ?? null,
    goneInstances: done.goneInstances ?? [],
  };
}

const withSteps = (
  error: StranglerError,
  result: { outcome: string; steps: readonly StepResult[]; writePauseMs?: number | null },
): StranglerError =>
  new StranglerError(error.code, error.message, {
    cause: error,
    remedy: error.remedy,
    details: {
      ...error.details,
      outcome: result.outcome,
      steps: result.steps,
      writePauseMs: result.writePauseMs ?? null,
    },
  });

function assertDone(result: {
  outcome: string;
  error?: StranglerError;
  steps: readonly StepResult[];
}): void {
  if (result.outcome === 'done') return;
  throw withSteps(
    result.error ?? new StranglerError('INTERNAL', `the move ended as ${result.outcome}`),
    result,
  );
}

const plannedSteps = (result: {
  steps: readonly StepResult[];
  error?: StranglerError;
}): { action: string; detail?: string }[] =>
  result.steps.map((step) => ({
    action: step.step,
    detail: Object.entries(step.detail)
      .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(', '),
  }));

/** C-c during the protocol abandons it as long as the owner has not changed. */
async function moveData(
  kit: Toolkit,
  definition: MigrationDefinition,
  options: ForceOptions,
  kind: 'cutover' | 'rollback',
  dryRun: boolean,
): Promise<MoveResult> {
  const run = kind === 'cutover' ? cutoverData : rollbackData;
  const base = {
    definition,
    control: await kit.control(),
    ...places(kit, definition),
    actor: kit.actor,
    ...(options.noFacade && { noFacade: true }),
    signal: kit.signal,
  };
  if (dryRun) return run({ ...base, dryRun: true });
  return run({
    ...base,
    onStep: ({ step, moment }) => {
      if (moment === 'started') kit.tell(step, step, 'started');
      if (moment === 'done') kit.tell(step, step, 'done');
      if (moment === 'undoing') kit.tell(step, `undo ${step}`, 'started');
      if (moment === 'undone') kit.tell(step, `undone ${step}`, 'done');
    },
  });
}

/** The gates and their journal row; the protocol takes its own lease and looks again under it. */
async function gatesUnderLease(
  kit: Toolkit,
  definition: MigrationDefinition,
  move: 'cutover' | 'rollback' | 'retire',
  options: ForceOptions,
): Promise<GateDecision> {
  const control = await kit.control();
  // What a dead command left (a closed stream, a fence) would make the gates refuse; it is finished or undone first.
  if (
    definition.data === 'replicated' &&
    (await unfinishedMoves(control, definition.context)).length > 0
  ) {
    kit.tell(
      'recover',
      'an earlier move was left in the middle: it is finished or undone first',
      'note',
    );
    await untilRecovered(kit, definition);
  }
  return kit.withLease(definition.context, move, () => passGates(kit, definition, move, options));
}

/** The worker may be at it already: it is waited for, up to 30 s, instead of sending the person away. */
async function untilRecovered(kit: Toolkit, definition: MigrationDefinition): Promise<void> {
  const control = await kit.control();
  const deadline = performance.now() + 30_000;
  const byWorker = async (): Promise<boolean> => {
    const lease = await control.leases.get(definition.context);
    return lease !== undefined && lease.expiresInSeconds > 0 && lease.move === 'recover';
  };
  while (performance.now() < deadline) {
    if (!(await byWorker())) {
      if ((await unfinishedMoves(control, definition.context)).length === 0) return;
      const { outcome: end } = await recoverMove({
        definition,
        control,
        ...places(kit, definition),
        actor: kit.actor,
      });
      // A living command has it: the lease that is asked for next says so.
      if (end !== 'busy' || !(await byWorker())) return;
    }
    await kit.pause(200);
  }
}

async function stageByFlags(
  kit: Toolkit,
  definition: MigrationDefinition,
  options: ForceOptions,
  move: 'cutover' | 'rollback' | 'retire',
  before: () => Promise<void>,
): Promise<MoveOutcome> {
  await kit.withLease(definition.context, move, async (lease) => {
    const decision = await passGates(kit, definition, move, options);
    const owner =
      definition.data === 'replicated'
        ? undefined
        : decision.to === 'service' || decision.to === 'retired'
          ? ('service' as const)
          : ('monolith' as const);
    await before();
    await enterStage(kit, definition, decision, lease, {
      ...(owner && { owner }),
      detail: { move },
    });
  });
  return outcome(kit, definition, { steps: [] });
}

const turnOffAll = async (kit: Toolkit, names: readonly string[]): Promise<void> => {
  const flags = kit.flagWriter();
  for (const name of names) await flags.turnOff(name);
};

async function dryRunOfFlags(
  kit: Toolkit,
  definition: MigrationDefinition,
  options: ForceOptions,
  move: 'cutover' | 'rollback' | 'retire',
  actions: readonly string[],
): Promise<DryRun> {
  const decision = await decideMove(kit, definition, move);
  return planned(
    [...actions, `set stage ${decision.to}`],
    refusalOf(definition, move, decision, options.force),
  );
}

export const cutover: Step<ChangeOwnerOptions, MoveOutcome> = {
  async execute(kit, options) {
    const definition = await kit.definition(options.context);
    if (definition.data !== 'replicated') {
      return stageByFlags(kit, definition, options, 'cutover', async () => {
        const flags = kit.flagWriter();
        for (const name of routeFlags(definition))
          await flags.setPercent(name, definition.context, 100);
      });
    }
    await gatesUnderLease(kit, definition, 'cutover', options);
    const result = await moveData(kit, definition, options, 'cutover', false);
    assertDone(result);
    return outcome(kit, definition, result);
  },
  async dryRun(kit, options) {
    const definition = await kit.definition(options.context);
    if (definition.data !== 'replicated')
      return dryRunOfFlags(kit, definition, options, 'cutover', [
        `set flags to 100 %, writes included: ${routeFlags(definition).join(', ')}`,
      ]);
    const decision = await decideMove(kit, definition, 'cutover', options);
    const result = await moveData(kit, definition, options, 'cutover', true);
    return planned(
      plannedSteps(result),
      refusalOf(definition, 'cutover', decision, options.force) ??
        (result.error && { code: result.error.code, message: result.error.message }),
    );
  },
};

/** An abandoning that a crash interrupted can be finished, though the stage is monolith already. */
const unfinishedAbandon = async (kit: Toolkit, context: string): Promise<boolean> => {
  const last = (await (await kit.control()).journal.list({ context, step: 'abandon' })).at(-1);
  return last?.status === 'started';
};

export const rollback: Step<ChangeOwnerOptions, MoveOutcome> = {
  async execute(kit, options) {
    const definition = await kit.definition(options.context);
    const row = await kit.row(definition);
    if (definition.data !== 'replicated') {
      const names = row.stage === 'shadowing' ? shadowFlags(definition) : routeFlags(definition);
      return stageByFlags(kit, definition, options, 'rollback', () => turnOffAll(kit, names));
    }
    if (row.stage === 'service') {
      await gatesUnderLease(kit, definition, 'rollback', options);
      const result = await moveData(kit, definition, options, 'rollback', false);
      assertDone(result);
      return outcome(kit, definition, result);
    }
    if (
      row.stage === 'replicating' ||
      (row.stage === 'monolith' && (await unfinishedAbandon(kit, options.context)))
    ) {
      const result = await abandon({
        definition,
        control: await kit.control(),
        ...places(kit, definition),
        actor: kit.actor,
      });
      assertDone(result);
      return outcome(kit, definition, result);
    }
    return stageByFlags(kit, definition, options, 'rollback', () =>
      turnOffAll(kit, row.stage === 'canary' ? routeFlags(definition) : shadowFlags(definition)),
    );
  },
  async dryRun(kit, options) {
    const definition = await kit.definition(options.context);
    const row = await kit.row(definition);
    if (definition.data === 'replicated' && row.stage === 'service') {
      const decision = await decideMove(kit, definition, 'rollback', options);
      const result = await moveData(kit, definition, options, 'rollback', true);
      return planned(
        plannedSteps(result),
        refusalOf(definition, 'rollback', decision, options.force) ??
          (result.error && { code: result.error.code, message: result.error.message }),
      );
    }
    if (definition.data === 'replicated' && row.stage === 'replicating') {
      const result = await abandon({
        definition,
        control: await kit.control(),
        ...places(kit, definition),
        actor: kit.actor,
        dryRun: true,
      });
      return planned(plannedSteps(result));
    }
    const names = row.stage === 'shadowing' ? shadowFlags(definition) : routeFlags(definition);
    return dryRunOfFlags(kit, definition, options, 'rollback', [
      `turn off flags: ${names.join(', ')}`,
    ]);
  },
};

export const retire: Step<ChangeOwnerOptions, MoveOutcome> = {
  async execute(kit, options) {
    const definition = await kit.definition(options.context);
    const row = await kit.row(definition);
    const archive = (): Promise<void> =>
      kit.hasFlagWriter ? kit.flagWriter().archive(allFlags(definition)) : Promise.resolve();
    if (definition.data !== 'replicated') {
      const result = await stageByFlags(kit, definition, options, 'retire', async () => {});
      await archive();
      return result;
    }
    // At stage retired the rest of an interrupted retirement is done again.
    if (row.stage !== 'retired') await gatesUnderLease(kit, definition, 'retire', options);
    const result = await retireData({
      definition,
      control: await kit.control(),
      ...places(kit, definition),
      actor: kit.actor,
    });
    assertDone(result);
    await archive();
    return outcome(kit, definition, result);
  },
  async dryRun(kit, options) {
    const definition = await kit.definition(options.context);
    if (definition.data !== 'replicated')
      return dryRunOfFlags(kit, definition, options, 'retire', [
        `archive flags: ${allFlags(definition).join(', ')}`,
      ]);
    const decision = await decideMove(kit, definition, 'retire');
    const result = await retireData({
      definition,
      control: await kit.control(),
      ...places(kit, definition),
      actor: kit.actor,
      dryRun: true,
    });
    return planned(
      [...plannedSteps(result), `archive flags: ${allFlags(definition).join(', ')}`],
      refusalOf(definition, 'retire', decision, options.force),
    );
  },
};
