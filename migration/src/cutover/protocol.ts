import { catchUp, closeStream, takeStopPosition } from './catch-up.ts';
import { fenceSource, unfenceTarget } from './fence-source.ts';
import { flip } from './flip.ts';
import { hold, release } from './hold.ts';
import type { MoveStep } from './move-state.ts';
import { dropOldStream } from './old-stream.ts';
import { prepare } from './prepare.ts';
import { proveReverse } from './reverse-proof.ts';
import { sequences } from './sequence-step.ts';
import { unchanged } from './unchanged.ts';
import { verifyHeld } from './verify-held.ts';

/**
 * Cutover, and with sides swapped rollback, as data (docs/architecture.md).
 *
 * Why a kill at any line leaves one owner: both sides are fenced from `fence-source` to `unfence-target`. Before `flip`
 * only the source is ever opened again (undo), after it only the target (execute), and which of the two it is stands in one
 * committed row. Every change in a data database carries the move's number (move-guard.ts), every change of the owner the
 * lease (flip.ts): a process that was overtaken is refused at its next change, whatever it believes.
 */
export const protocol: readonly MoveStep[] = [
  prepare,
  proveReverse,
  hold,
  fenceSource,
  takeStopPosition,
  catchUp,
  closeStream,
  unchanged,
  verifyHeld,
  sequences,
  flip,
  unfenceTarget,
  release,
  dropOldStream,
];
