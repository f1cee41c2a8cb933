import type pg from 'pg';
import { StranglerError } from '../errors.ts';

/** Who fills a context's tables. The newest copier's name stands in `strangler.copies`; older ones write nothing any more. */
export interface CopyMark {
  readonly context: string;
  readonly copier: string;
}

const overtaken = ({ context }: CopyMark): StranglerError => new StranglerError('LEASE_LOST', `Another worker began the initial copy of ${context} anew, so this one is over`);

/** Locks the mark for the running transaction: a successor empties the tables after it or this one writes nothing. */
export async function holdCopyMark(client: pg.Client, mark: CopyMark): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM strangler.copies WHERE context = $1 AND copier = $2 FOR KEY SHARE', [mark.context, mark.copier]);
  if (rowCount === 0) throw overtaken(mark);
}

/**
 * Call it in the transaction that stores the stream's first position: from then on the rows are replicated ones.
 * @throws StranglerError LEASE_LOST when another copier has emptied the tables since
 */
export async function forgetCopyMark(client: pg.Client, mark: CopyMark): Promise<void> {
  const { rowCount } = await client.query('DELETE FROM strangler.copies WHERE context = $1 AND copier = $2', [mark.context, mark.copier]);
  if (rowCount === 0) throw overtaken(mark);
}
