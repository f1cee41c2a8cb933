import { type Side, type Stage, StranglerError } from '@strangler-toolkit/plan';
import type { ContextRow } from '../control/index.ts';
import type { OwnerNote } from '../replica/owners.ts';
import { latestNote, type SideNotes } from './judge-owners.ts';

export interface RestorePlan {
  readonly owner: Side;
  readonly epoch: number;
  readonly stage: Stage;
  readonly startLsn: string | null;
}

/** Gates after the stage were passed once, and their evidence went with the control database: canary asks for all of it again. */
const stageOf = ({ owner, epoch }: OwnerNote, now: Stage): Stage => {
  if (owner === 'service') return now === 'retired' ? 'retired' : 'service';
  if (now === 'replicating' || now === 'shadowing') return now;
  return epoch > 1 ? 'canary' : 'replicating';
};

/**
 * What the control database has to take over from the data databases; `null`: it knows all that they know.
 * @throws StranglerError MOVE_NOT_ALLOWED when they cannot tell
 */
export function planRestore(row: ContextRow, notes: SideNotes): RestorePlan | null {
  const latest = latestNote(notes);
  if (latest === null)
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${row.context}: the data databases do not tell who owns it: ${JSON.stringify(notes)}`,
      {
        remedy:
          'Where they contradict each other, one of them was not part of these moves: check the URLs of both sides. Where ' +
          'neither knows an owner, no worker of this release ever ran.',
      },
    );
  if (latest.epoch < row.epoch || (latest.epoch === row.epoch && latest.owner === row.owner))
    return null;
  return { ...latest, stage: stageOf(latest, row.stage) };
}
