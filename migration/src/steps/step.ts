import type { PlannedAction } from '../findings/planned-action.ts';
import type { Toolkit } from './toolkit.ts';

export type { PlannedAction };

export interface DryRun {
  readonly dryRun: true;
  readonly actions: readonly PlannedAction[];
  /** Why the real run would refuse, when it would. */
  readonly refusal?: {
    readonly code: string;
    readonly message: string;
    readonly gates?: readonly unknown[];
  };
}

/** A command's work, twice: for real, and as a dry run that only looks. */
export interface Step<Options, Result> {
  execute(kit: Toolkit, options: Options): Promise<Result>;
  dryRun(kit: Toolkit, options: Options): Promise<DryRun>;
}

export const planned = (
  actions: readonly (PlannedAction | string)[],
  refusal?: DryRun['refusal'],
): DryRun => ({
  dryRun: true,
  actions: actions.map((action) => (typeof action === 'string' ? { action } : action)),
  ...(refusal && { refusal }),
});
