import type { Check } from './findings/check.ts';
import {
  contractsVerify,
  type ContractsOptions,
  type ContractsResult,
} from './steps/contracts/verify.ts';
import {
  cutover,
  retire,
  rollback,
  type ChangeOwnerOptions,
  type MoveOutcome,
} from './steps/change-owner/index.ts';
import {
  controlRestore,
  type ControlRestoreOptions,
  type ControlRestoreResult,
} from './steps/control-restore.ts';
import {
  deadLetters,
  type DeadLetterOptions,
  type DeadLettersResult,
} from './steps/dead-letters.ts';
import { doctor } from './steps/doctor/doctor.ts';
import { fenceRearm, type FenceRearmOptions, type FenceRearmResult } from './steps/fence-rearm.ts';
import { fenceSeen, type FenceSeenOptions, type FenceSeenResult } from './steps/fence-seen.ts';
import { fenceAudit, type FenceResult, type FenceStepOptions } from './steps/fence.ts';
import { journal, type JournalOptions } from './steps/journal.ts';
import { outbox, type OutboxStepOptions, type OutboxStepResult } from './steps/outbox.ts';
import { ramp, type RampOptions, type RampResult } from './steps/ramp.ts';
import { replicate, type ReplicateOptions, type ReplicateResult } from './steps/replicate.ts';
import { resync, type ResyncOptions, type ResyncResult } from './steps/resync.ts';
import {
  explainRoute,
  type ExplainOptions,
  type RouteExplanation,
} from './steps/routes/explain-route.ts';
import { listRoutes, type RouteList } from './steps/routes/list-routes.ts';
import { route, type RouteOptions, type RouteResult } from './steps/route.ts';
import { shadow, type ShadowOptions, type ShadowResult } from './steps/shadow.ts';
import { status, type ContextStatus } from './steps/status.ts';
import type { DryRun, Step } from './steps/step.ts';
import { type Progress, Toolkit as Kit } from './steps/toolkit.ts';
import { verify, type VerifyOptions, type VerifyResult } from './steps/verify.ts';

export interface OpenOptions {
  /** Folder of the context files (default: STRANGLER_CONTEXTS of the environment, else ./contexts). */
  readonly contextsDir?: string;
  /** URL of the control database (default: STRANGLER_CONTROL_URL of the environment). */
  readonly controlUrl?: string;
  /** What context files and settings refer to by name (default: the environment of this process). */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Ends what is at work: a move is undone or left for the next run, as after Ctrl-C. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** What a command does, called as a function; `dryRun` only looks, and says what would be done or why it would be refused. */
export interface Command<Options, Result> {
  /** @throws StranglerError with `code` and `remedy`, GATE_REFUSED when evidence is missing */
  (options: Options): Promise<Result>;
  dryRun(options: Options): Promise<DryRun>;
}

/** Every command of `strangler`, bound to one set of contexts and one control database. */
export interface Toolkit extends AsyncDisposable {
  /** Copies the tables and runs the worker that streams their changes, until the signal or until caught up. */
  readonly replicate: Command<ReplicateOptions, ReplicateResult>;
  /** Compares the rows of both sides, and mends those that are named. */
  readonly verify: Command<VerifyOptions, VerifyResult>;
  /** Mirrors reads to the service and compares the answers. */
  readonly shadow: Command<ShadowOptions, ShadowResult>;
  /** Verifies the pacts on both sides. */
  readonly contractsVerify: Command<ContractsOptions, ContractsResult>;
  /** Raises the share of reads that the service answers, and steps back when it is worse. */
  readonly ramp: Command<RampOptions, RampResult>;
  /** Sets the flags of reads. */
  readonly route: Command<RouteOptions, RouteResult>;
  /** Makes the service the owner of the data. */
  readonly cutover: Command<ChangeOwnerOptions, MoveOutcome>;
  /** Goes back one stage, without losing a write. */
  readonly rollback: Command<ChangeOwnerOptions, MoveOutcome>;
  /** Ends the way back, when nobody needs it any more. */
  readonly retire: Command<ChangeOwnerOptions, MoveOutcome>;
  /** Finds who writes to the monolith's tables, without refusing anybody. */
  readonly fenceAudit: Command<FenceStepOptions, FenceResult>;
  readonly fenceRearm: Command<FenceRearmOptions, FenceRearmResult>;
  readonly fenceSeen: Command<FenceSeenOptions, FenceSeenResult>;
  /** Lists, replays or drops changes that could not be applied. */
  readonly deadLetters: Command<DeadLetterOptions, DeadLettersResult>;
  /** Reads a table again at its owner, while changes go on. */
  readonly resync: Command<ResyncOptions, ResyncResult>;
  /** Lets Debezium carry a context's outbox to Kafka, or no longer. */
  readonly outbox: Command<OutboxStepOptions, OutboxStepResult>;
  /** Owner and epoch back into a control database that went back to an earlier state, from what the data databases remember. */
  readonly controlRestore: Command<ControlRestoreOptions, ControlRestoreResult>;
  /** Which requests the contexts claim, and who owns their data now. */
  readonly routes: (context?: string) => Promise<RouteList>;
  /** Which route claims a request, why no other does, and who would answer it now. */
  readonly explainRoute: (options: ExplainOptions) => Promise<RouteExplanation>;
  /** Where every context stands, or one. */
  readonly status: (context?: string) => Promise<ContextStatus[]>;
  /** Compares what the control database says with what is there, and says how to mend. */
  readonly doctor: (
    context?: string,
  ) => Promise<{ readonly ok: boolean; readonly checks: readonly Check[] }>;
  /** Tells what happened, row by row; with `follow` until the signal. */
  readonly journal: (options: JournalOptions) => Promise<void>;
  /** Closes the connections. */
  readonly close: () => Promise<void>;
}

/**
 * The commands of `strangler` for a program: the same steps behind the same gates. Nothing is connected to before it is needed.
 *
 * @example
 * ```ts
 * import { openToolkit, StranglerError } from '@strangler-toolkit/migration';
 *
 * await using toolkit = openToolkit({ contextsDir: './contexts' });
 * for (const { context, stage, nextCommand } of await toolkit.status())
 *   console.log(context, stage, nextCommand);
 * try {
 *   const { refusal } = await toolkit.cutover.dryRun({ context: 'catalog' });
 *   if (refusal === undefined) await toolkit.cutover({ context: 'catalog' });
 * } catch (error) {
 *   if (error instanceof StranglerError) console.error(error.code, error.remedy);
 * }
 * ```
 */
export function openToolkit(options: OpenOptions = {}): Toolkit {
  const { env = process.env, signal = new AbortController().signal, ...rest } = options;
  const kit = new Kit({ ...rest, env, signal });
  return {
    ...commands(kit),
    close: () => kit.close(),
    [Symbol.asyncDispose]: () => kit.close(),
  };
}

function commands(kit: Kit): Omit<Toolkit, 'close' | typeof Symbol.asyncDispose> {
  const command = <Options, Result>(step: Step<Options, Result>): Command<Options, Result> =>
    Object.assign((options: Options) => step.execute(kit, options), {
      dryRun: (options: Options) => step.dryRun(kit, options),
    });
  return {
    replicate: command(replicate),
    verify: command(verify),
    shadow: command(shadow),
    contractsVerify: command(contractsVerify),
    ramp: command(ramp),
    route: command(route),
    cutover: command(cutover),
    rollback: command(rollback),
    retire: command(retire),
    fenceAudit: command(fenceAudit),
    fenceRearm: command(fenceRearm),
    fenceSeen: command(fenceSeen),
    deadLetters: command(deadLetters),
    resync: command(resync),
    outbox: command(outbox),
    controlRestore: command(controlRestore),
    routes: (context?: string) => listRoutes(kit, context),
    explainRoute: (options: ExplainOptions) => explainRoute(kit, options),
    status: (context?: string) => status(kit, context),
    doctor: (context?: string) => doctor(kit, context),
    journal: (options: JournalOptions) => journal(kit, options),
  };
}
