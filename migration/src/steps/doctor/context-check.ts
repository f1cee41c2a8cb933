import type { MigrationDefinition, Side } from '@strangler-toolkit/plan';
import type { ContextRow, Control } from '../../control/index.ts';
import type { Report } from '../../findings/check.ts';
import type { Identity } from '../../identity/identity.ts';
import type { Toolkit } from '../toolkit.ts';

/** A context under examination: what every check of it starts from. */
export interface Patient {
  readonly kit: Toolkit;
  readonly definition: MigrationDefinition;
  readonly control: Control;
  /** As it was when the examination began. */
  readonly row: ContextRow;
  /** In the middle of a move fences, flags and both streams may stand either way. */
  readonly moving: boolean;
  readonly reachable: Readonly<Record<Side, boolean>>;
  readonly report: Report;
  /** What the rows rest on; looked at once. @throws StranglerError DB_*, SCHEMA_* */
  readonly identityNow: () => Promise<Identity>;
  readonly has: (need: Need) => boolean;
  /** What a check found out not to be there, for those after it. */
  readonly lacks: (need: Need) => void;
}

/** What must be there before a check makes sense. */
export type Need =
  | 'replicated data'
  | 'monolith database'
  | 'service database'
  | 'flag provider'
  /** What is right of a side depends on who owns: by a wrong owner the remedy would harm. */
  | 'undisputed owner';

export interface ContextCheck {
  readonly needs: readonly Need[];
  /** The finding that says whether the check itself came to its end; without it, a throw ends the examination. */
  readonly attempt?: { readonly check: string; readonly expected: string };
  /** Reports what it finds. */
  readonly run: (patient: Patient) => Promise<unknown>;
}
