import { codeOf, isStranglerError, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { isConnectionFailure, databaseFailure } from '../../database/failures.ts';
import { quoteLiteral } from '../../database/identifiers.ts';
import { lsnFromText, lsnToText } from '../../database/lsn.ts';
import type { Lsn } from '../change-event.ts';
import { slotStatus } from '../source/slot.ts';

// A walsender understands the simple query protocol only, so values cannot travel as parameters.

/**
 * Everything that would make the stream begin with a hole is found here, before it begins.
 * @throws StranglerError SLOT_LOST, SLOT_BUSY, POSITION_GAP
 */
export async function assertStartable(
  client: pg.Client,
  slot: string,
  publication: string,
  from: Lsn,
): Promise<'free' | 'busy'> {
  const status = await slotStatus(client, slot);
  if (!status)
    throw new StranglerError('SLOT_LOST', `Replication slot ${slot} does not exist`, {
      details: { slot },
    });
  if (status.plugin !== 'pgoutput')
    throw new StranglerError(
      'SLOT_LOST',
      `Replication slot ${slot} uses the plugin ${status.plugin}, not pgoutput: it is not ours`,
      { details: { slot } },
    );
  if (status.lost !== null)
    throw new StranglerError(
      'SLOT_LOST',
      `The server gave up replication slot ${slot} (${status.lost}): it removed log that was still needed`,
      { details: { slot, reason: status.lost } },
    );
  if (status.confirmed !== null && from !== 0n && status.confirmed > from) {
    throw new StranglerError(
      'POSITION_GAP',
      `Replication slot ${slot} has moved on to ${lsnToText(status.confirmed)}, but changes are needed from ${lsnToText(from)}`,
      {
        details: { slot, confirmed: lsnToText(status.confirmed), wanted: lsnToText(from) },
      },
    );
  }
  const { rows } = await client.query<{ publication: string; log_end: string | null }>(
    `SELECT (SELECT count(*) FROM pg_publication WHERE pubname = ${quoteLiteral(publication)}) ` +
      `AS publication, CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_insert_lsn() END AS ` +
      `log_end`,
  );
  // A server of version 18 skips a missing publication with a warning, that is: all its changes.
  if (rows[0]?.publication !== '1')
    throw new StranglerError(
      'SLOT_LOST',
      `Publication ${publication} does not exist, so changes of its tables may have been skipped`,
      { details: { publication } },
    );
  const logEnd = rows[0].log_end;
  if (logEnd !== null && lsnFromText(logEnd) < from) {
    throw new StranglerError(
      'POSITION_GAP',
      `Position ${lsnToText(from)} lies after the end of the server's log (${logEnd}): was the database restored from a backup?`,
      { details: { slot, logEnd, wanted: lsnToText(from) } },
    );
  }
  return status.active ? 'busy' : 'free';
}

/** Gives the end of a running stream its code. */
export function streamFailure(error: unknown, slot: string): StranglerError {
  if (isStranglerError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (error === undefined)
    return new StranglerError(
      'DB_UNREACHABLE',
      `The server ended the stream of slot ${slot} (it shuts down)`,
    );
  if (error instanceof RangeError)
    return new StranglerError(
      'INTERNAL',
      `Slot ${slot} sent what cannot be understood: ${message}`,
      { cause: error },
    );
  if (code === '55006')
    return new StranglerError('SLOT_BUSY', `Replication slot ${slot} is read by another process`, {
      cause: error,
    });
  const lost =
    code === '42704' ||
    code === '58P01' ||
    (code === '55000' && /slot|invalidat|WAL/i.test(message));
  if (lost)
    return new StranglerError('SLOT_LOST', `Slot ${slot} cannot be read any more: ${message}`, {
      cause: error,
      details: { slot },
    });
  return databaseFailure(
    error,
    `The stream of slot ${slot} broke`,
    isConnectionFailure(error) ? 'DB_UNREACHABLE' : 'INTERNAL',
  );
}
