import {
  type Direction,
  type CutoverSettings,
  isStranglerError,
  type MigrationDefinition,
  sourceOf,
  StranglerError,
} from '@strangler-toolkit/plan';
import type { Client } from 'pg';
import type { Control, Lease } from '../control/index.ts';
import type { Identity } from '../identity/identity.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import type { FencedTable } from './fence-tables.ts';
import type { MoveGuard } from '../replica/move-guards.ts';
import { isAbort } from '../pause.ts';
import type { MovePlan } from './move-plan.ts';
import type { StreamSource, Transport } from '../stream/transport.ts';
import type { SideConnections } from './side-connections.ts';

export type Detail = Readonly<Record<string, unknown>>;

/** Where a move stands, told to whoever watches: progress on a screen, or a test that kills the process there. */
export interface StepMoment {
  readonly step: string;
  /** `started`: journaled, nothing done. `middle`: inside. `acted`: done, not yet journaled. `done`: journaled. */
  readonly moment: 'started' | 'middle' | 'acted' | 'done' | 'undoing' | 'undone';
}

/** What the steps of one move share. A recovery builds it from the journal, so nothing here may be needed that only memory knows. */
export interface MoveState {
  readonly plan: MovePlan;
  readonly definition: MigrationDefinition;
  readonly settings: Required<CutoverSettings>;
  readonly control: Control;
  readonly lease: Lease;
  readonly guard: MoveGuard;
  readonly moveId: string;
  readonly actor: string;
  /** Epoch before the move. */
  readonly epoch: number;
  readonly sides: SideConnections;
  readonly transport: Transport;
  readonly tables: { readonly from: readonly FencedTable[]; readonly to: readonly FencedTable[] };
  /** How the source was fenced before the move, so that an abandoned move leaves it as it was. */
  readonly sourceFence: 'none' | 'audit';
  readonly noFacade: boolean;
  /** The gates were passed by: what they ask for is not asked again behind the fence. */
  readonly forced?: boolean;
  /** Contexts whose forward streams must have passed the stop position too. */
  readonly references?: readonly string[];
  /** Longest wait for the new slot, and for the marker to come out of it; nothing is held meanwhile. */
  readonly proofTimeoutMs: number;
  readonly signal: AbortSignal;
  onStep(moment: StepMoment): Promise<void>;
  /** performance.now() at which the hold has lasted as long as it may; undefined outside a hold. */
  deadline: number | undefined;
  /** Compiled once, before writes are held. */
  mapping: CompiledMapping | undefined;
  /** What the tables are, as the last look of this move found them. */
  identity: Identity | undefined;
  stop: string | undefined;
  /** Both sides' fences as they stood when the source was closed: nobody may have opened one in between. */
  fenceMarks?: FenceMarks;
  /** Those that may write past the fence, as they were before anything was held. */
  subscriptions?: readonly string[];
  heldAt: string | undefined;
  writePauseMs: number | undefined;
}

export type FenceMarks = Readonly<Record<'from' | 'to', string>>;

/** Milliseconds that a step may take: its own limit, and never longer than writes may be held. */
export function timeLeft(move: MoveState, limitMs: number): number {
  return move.deadline === undefined
    ? limitMs
    : Math.min(limitMs, Math.max(0, move.deadline - performance.now()));
}

/** One step of the protocol. Each exists twice: for real, and as a dry run that only looks. */
export interface MoveStep {
  readonly name: string;
  /** Before the flip a failure undoes; after it only forward. */
  readonly phase: 'before' | 'flip' | 'after';
  /** Idempotent: a rerun and a recovery run it again. */
  execute(move: MoveState): Promise<Detail>;
  /** Changes nothing; says what would happen and fails where the real step would refuse. */
  dryRun(move: MoveState): Promise<Detail>;
  /** Idempotent, and harmless when the step never ran: a killed process may have acted without telling. */
  undo?(move: MoveState): Promise<Detail>;
}

export const from = (move: MoveState): Promise<Client> => move.sides.client(move.plan.from);
export const to = (move: MoveState): Promise<Client> => move.sides.client(move.plan.to);

/** The source of a stream of this move: `closing` begins on the old owner's side, `opening` on the new one's. */
export async function moveSource(
  move: MoveState,
  which: 'closing' | 'opening',
): Promise<StreamSource> {
  return streamSource(move.sides, move.definition.context, move.plan[which]);
}

export async function streamSource(
  sides: SideConnections,
  context: string,
  direction: Direction,
): Promise<StreamSource> {
  const side = sourceOf(direction);
  return { context, direction, url: sides.url(side), client: await sides.client(side) };
}

/** Polls until `probe` answers; undefined when the time is over. @throws the abort reason, before a flip */
export async function until<T>(
  move: MoveState,
  milliseconds: number,
  probe: () => Promise<T | undefined>,
  everyMs = 10,
): Promise<T | undefined> {
  const end = performance.now() + milliseconds;
  for (;;) {
    if (move.signal.aborted) throw cancelled(move.signal);
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (performance.now() >= end) return undefined;
    await new Promise((resolve) => {
      setTimeout(resolve, everyMs);
    });
  }
}

/** What waits with the signal ends with an error that says no more than that it was aborted. */
export const whyStopped = (error: unknown, signal: AbortSignal): unknown =>
  signal.aborted && isAbort(error)
    ? isStranglerError(signal.reason)
      ? signal.reason
      : cancelled(signal)
    : error;

export const cancelled = (signal: AbortSignal): StranglerError =>
  new StranglerError('CANCELLED', 'the move was cancelled before the owner changed', {
    cause: signal.reason,
  });
