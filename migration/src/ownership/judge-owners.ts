import { bothSides, type Side } from '@strangler-toolkit/plan';
import type { OwnerNote } from '../replica/owners.ts';

/** What a data database says of the owner; `unknown`: it was not told, or did not answer. */
export type SideNote = OwnerNote | 'unknown';
export type SideNotes = Readonly<Record<Side, SideNote>>;

export interface Disagreement {
  readonly code: 'CONTROL_FELL_BACK' | 'SIDE_FELL_BACK';
  readonly side: Side;
  readonly why: string;
}

const told = ({ owner, epoch }: Pick<OwnerNote, 'owner' | 'epoch'>): string =>
  `${owner}, epoch ${epoch}`;

/**
 * Owner and epoch stand in three databases; the latest epoch is the true one, because each of them was written only after the
 * move that it belongs to was decided. `moving`: the control database holds a flip whose move is not finished, so a data
 * database may not know of it yet.
 */
export function disagreement(
  control: Pick<OwnerNote, 'owner' | 'epoch'>,
  notes: SideNotes,
  { moving }: { readonly moving: boolean },
): Disagreement | null {
  for (const side of bothSides) {
    const note = notes[side];
    if (note === 'unknown') continue;
    const later = note.epoch > control.epoch;
    if (later || (note.epoch === control.epoch && note.owner !== control.owner))
      return {
        code: 'CONTROL_FELL_BACK',
        side,
        why:
          `the control database says ${told(control)}, and the ${side}'s database ${told(note)}: the control database ` +
          (later ? 'went back to an earlier state' : 'is not the one that made the move'),
      };
  }
  for (const side of bothSides) {
    const note = notes[side];
    if (note === 'unknown' || note.epoch === control.epoch) continue;
    if (moving && note.epoch === control.epoch - 1) continue;
    return {
      code: 'SIDE_FELL_BACK',
      side,
      why:
        `the ${side}'s database says ${told(note)}, and the control database ${told(control)}: the ${side}'s database went ` +
        'back to an earlier state',
    };
  }
  return null;
}

/** The latest owner that a data database was told of; `null`: they contradict each other, or none was told. */
export function latestNote(notes: SideNotes): OwnerNote | null {
  const known = bothSides.flatMap((side) => {
    const note = notes[side];
    return note === 'unknown' ? [] : [note];
  });
  const epoch = Math.max(...known.map((note) => note.epoch));
  const latest = known.filter((note) => note.epoch === epoch);
  const first = latest.find(({ startLsn }) => startLsn !== null) ?? latest[0];
  return first !== undefined && latest.every(({ owner }) => owner === first.owner) ? first : null;
}
