import type { Control, Lease, NumberedEntry } from '../control/index.ts';
import { pause } from '../pause.ts';
import type { MoveGuard } from '../replica/move-guards.ts';
import type { FencedTable } from './fence-tables.ts';
import type { MoveKind } from './move-plan.ts';

/** What a recovery must know about a move whose process is dead. Written before the move touches anything. */
export interface MoveRecord {
  readonly moveId: string;
  readonly kind: MoveKind;
  readonly epoch: number;
  readonly from: readonly FencedTable[];
  readonly to: readonly FencedTable[];
  readonly sourceFence: 'none' | 'audit';
  /** The journal holds the flip of this move: it may only go forward. */
  readonly flipped: boolean;
}

interface RecordedDetail {
  readonly move: MoveKind;
  readonly from: FencedTable[];
  readonly to: FencedTable[];
  readonly sourceFence: 'none' | 'audit';
}

/** @throws StranglerError LEASE_LOST */
export async function takeNumber(
  control: Control,
  lease: Lease,
  entry: NumberedEntry,
): Promise<MoveGuard> {
  return { context: lease.context, ...(await control.moves.begin(lease, entry)) };
}

/** Moves that began and neither finished nor were undone, oldest first. */
export async function unfinishedMoves(control: Control, context: string): Promise<MoveRecord[]> {
  return (await control.moves.unfinished(context)).map((move) => {
    const detail = move.detail as unknown as RecordedDetail;
    return {
      moveId: move.moveId,
      epoch: move.epoch,
      kind: detail.move,
      from: detail.from,
      to: detail.to,
      sourceFence: detail.sourceFence,
      flipped: move.flipped,
    };
  });
}

/** Did the flip land? Undefined when the control database does not answer in time. */
export async function flipLanded(
  control: Control,
  context: string,
  moveId: string,
  withinMs: number,
): Promise<boolean | undefined> {
  const end = performance.now() + withinMs;
  do {
    try {
      return await control.moves.flipLanded(context, moveId);
    } catch {
      await pause(200, new AbortController().signal);
    }
  } while (performance.now() < end);
  return undefined;
}
