import { type Side, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { beginCounting } from './refusals.ts';
import { hasTable } from './schema.ts';

/** Who owns a context since which epoch, as a data database itself remembers it. */
export interface OwnerNote {
  readonly owner: Side;
  readonly epoch: number;
  /** Where the stream that began with the epoch begins, in the owner's database. */
  readonly startLsn: string | null;
}

/** `null`: nobody told this database yet (an older release did not). */
export async function readOwnerNote(
  client: pg.ClientBase,
  context: string,
): Promise<OwnerNote | null> {
  if (!(await hasTable(client, 'owners'))) return null;
  const { rows } = await client.query<{ owner: Side; epoch: string; start: string | null }>(
    `SELECT owner, epoch::text AS epoch, start_lsn::text AS start
       FROM strangler.owners WHERE context = $1`,
    [context],
  );
  const row = rows[0];
  return row === undefined
    ? null
    : { owner: row.owner, epoch: Number(row.epoch), startLsn: row.start };
}

/**
 * In the transaction that opens this side, closes it, or empties its tables. A database that knows a later owner refuses: whoever
 * asks took its right from a control database that went back to an earlier state.
 * @throws StranglerError CONTROL_FELL_BACK
 */
export async function noteOwner(
  client: pg.ClientBase,
  context: string,
  { owner, epoch, startLsn }: OwnerNote,
): Promise<void> {
  const { rowCount } = await client.query(
    `INSERT INTO strangler.owners AS known (context, owner, epoch, start_lsn)
     VALUES ($1, $2, $3, $4::pg_lsn)
     ON CONFLICT (context) DO UPDATE
       SET owner = excluded.owner, epoch = excluded.epoch, at = clock_timestamp(),
           start_lsn = coalesce(excluded.start_lsn, known.start_lsn)
     WHERE known.epoch < excluded.epoch
        OR known.epoch = excluded.epoch AND known.owner = excluded.owner`,
    [context, owner, epoch, startLsn],
  );
  if (rowCount !== 0) return beginCounting(client, context, epoch);
  const known = await readOwnerNote(client, context);
  throw new StranglerError(
    'CONTROL_FELL_BACK',
    `${context}: this database knows the ${known?.owner} as owner since epoch ${known?.epoch}, and was to be ` +
      `changed in the name of the ${owner}, epoch ${epoch}: nothing was changed`,
    { details: { known, asked: { owner, epoch } } },
  );
}
