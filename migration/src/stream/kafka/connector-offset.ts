import { StranglerError } from '@strangler-toolkit/plan';
import { lsnToText } from '../../database/lsn.ts';
import type { Lsn } from '../change-event.ts';

/** Position up to which a connector has everything in Kafka. Connect stores numbers under several names; it goes on at the largest. */
export function newestOffset(offset: Readonly<Record<string, unknown>> | undefined): Lsn | null {
  const known = ['lsn', 'lsn_proc', 'lsn_commit'].flatMap((field) =>
    typeof offset?.[field] === 'number' ? [BigInt(offset[field])] : [],
  );
  return known.length === 0 ? null : known.reduce((a, b) => (a > b ? a : b));
}

/**
 * The server starts a slot that was moved on where the slot stands, and the connector takes that without a word (seen with
 * Debezium 3.7 under `offset.mismatch.strategy=trust_offset`). A slot follows the stored offset, it is never ahead of it.
 * @throws StranglerError POSITION_GAP
 */
export function refuseSlotAhead(
  connector: string,
  slot: string,
  confirmed: Lsn | null,
  offset: Lsn | null,
): void {
  if (confirmed === null || offset === null || confirmed <= offset) return;
  throw new StranglerError(
    'POSITION_GAP',
    `Replication slot ${slot} was moved on to ${lsnToText(confirmed)}, but connector ` +
      `${connector} has sent the changes up to ${lsnToText(offset)} only`,
    {
      details: { slot, connector, confirmed: lsnToText(confirmed), offset: lsnToText(offset) },
    },
  );
}
