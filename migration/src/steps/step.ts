import type { Toolkit } from './toolkit.ts';

/** One thing that would be done, in words that a person can check. */
export interface PlannedAction {
  readonly action: string;
  readonly detail?: string;
}

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
