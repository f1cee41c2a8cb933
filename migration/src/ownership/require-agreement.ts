import { bothSides, type Side, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { ContextRow, Control } from '../control/index.ts';
import { noteOwner, readOwnerNote } from '../replica/owners.ts';
import { type Disagreement, disagreement, type SideNote, type SideNotes } from './judge-owners.ts';

/** A side's connection, or how to get one. Rejects when the database does not answer. */
export type Sides = Readonly<Record<Side, () => Promise<pg.Client>>>;

const remedies = {
  CONTROL_FELL_BACK: ({ context }: ContextRow): string =>
    `Look first: strangler control restore ${context} --from-sides --dry-run; then run it without --dry-run.`,
  SIDE_FELL_BACK: ({ context, owner }: ContextRow, { side }: Disagreement): string =>
    side === owner
      ? `Put the ${side}'s right database back. If it is gone: strangler verify ${context} --json shows what it lost.`
      : side === 'service'
        ? `strangler replicate ${context} --restart empties the service's tables and copies anew.`
        : `Put the monolith's right database back; it was the way back of ${context}.`,
} as const;

/** `patienceMs`: a side that does not answer in time counts as one that says nothing. */
export async function readNotes(
  context: string,
  sides: Sides,
  patienceMs: number,
): Promise<SideNotes> {
  const ask = async (side: Side): Promise<SideNote> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'unknown'>((resolve) => {
      timer = setTimeout(resolve, patienceMs, 'unknown');
    });
    const note = sides[side]()
      .then((client) => readOwnerNote(client, context))
      .then(
        (found) => found ?? ('unknown' as const),
        () => 'unknown' as const,
      );
    return Promise.race([note, late]).finally(() => clearTimeout(timer));
  };
  const [monolith, service] = await Promise.all(bothSides.map(ask));
  return { monolith: monolith ?? 'unknown', service: service ?? 'unknown' };
}

interface Looked {
  readonly notes: SideNotes;
  /** What the three databases say of the owner does not fit; null: it does. */
  readonly found: Disagreement | null;
}

/** What the sides say, and whether it fits. */
export async function lookAtOwners(
  control: Pick<Control, 'moves'>,
  row: ContextRow,
  sides: Sides,
  patienceMs: number,
): Promise<Looked> {
  // before the sides: a move that ends meanwhile has told both of them by then
  const moves = await control.moves.unfinished(row.context);
  const notes = await readNotes(row.context, sides, patienceMs);
  const moving = moves.some(({ flipped }) => flipped);
  return { notes, found: disagreement(row, notes, { moving }) };
}

export const asError = (row: ContextRow, found: Disagreement): StranglerError =>
  new StranglerError(found.code, `${row.context}: ${found.why}. Nothing was changed`, {
    details: { side: found.side, owner: row.owner, epoch: row.epoch },
    remedy: remedies[found.code](row, found),
  });

/**
 * No decision rests on one store that could have gone back: before anything is applied, opened, fenced or emptied, the control
 * database must fit what the data databases remember.
 * @throws StranglerError CONTROL_FELL_BACK, SIDE_FELL_BACK
 */
export async function requireAgreement(
  control: Control,
  row: ContextRow | undefined,
  sides: Sides,
  patienceMs = 5000,
): Promise<SideNotes | null> {
  if (row === undefined || row.dataKind !== 'replicated') return null;
  const { notes, found } = await lookAtOwners(control, row, sides, patienceMs);
  if (found !== null) throw asError(row, found);
  return notes;
}

/** A database that an older release worked on was told nothing: it learns what all others agree on. */
export async function tellOwner(row: ContextRow, notes: SideNotes, sides: Sides): Promise<void> {
  for (const side of bothSides)
    if (notes[side] === 'unknown') await noteOwner(await sides[side](), row.context, row);
}
