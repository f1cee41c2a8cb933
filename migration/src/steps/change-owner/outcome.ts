import { type MigrationDefinition, StranglerError } from '@strangler-toolkit/plan';
import type { StepResult } from '../../cutover/index.ts';
import type { Toolkit } from '../toolkit.ts';
import type {
  DeploymentNote,
  DeploymentRecorder,
} from '../contracts/broker/deployment-recorder.ts';
import type { Watched } from './guard.ts';

export interface MoveOutcome {
  readonly context: string;
  readonly stage: string;
  readonly owner: string;
  readonly epoch: number;
  readonly steps: readonly StepResult[];
  readonly writePauseMs: number | null;
  readonly goneInstances: readonly string[];
  /** Where somebody wanted the new owner to be watched. */
  readonly watched?: Watched;
  /** Where a Pact Broker is set and the owner changed. */
  readonly deployment?: DeploymentNote;
}

export async function outcome(
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

/** What the broker was told of it, where there is one. */
export async function withDeployment<Outcome extends MoveOutcome>(
  done: Outcome,
  recorder: DeploymentRecorder,
): Promise<Outcome> {
  const deployment = await recorder.end();
  return deployment === undefined ? done : { ...done, deployment };
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

export function assertDone(result: {
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

export const plannedSteps = (result: {
  steps: readonly StepResult[];
  error?: StranglerError;
}): { action: string; detail?: string }[] =>
  result.steps.map((step) => ({
    action: step.step,
    detail: Object.entries(step.detail)
      .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(', '),
  }));
