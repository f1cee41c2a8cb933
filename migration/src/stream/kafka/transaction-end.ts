import { StranglerError } from '@strangler-toolkit/plan';
import type { TransactionEnd } from './transaction-assembler.ts';

interface Wire {
  readonly status: 'BEGIN' | 'END';
  readonly id: string;
  readonly event_count: number | null;
  readonly data_collections:
    readonly { readonly data_collection: string; readonly event_count: number }[] | null;
}

/**
 * Reads a message of the transaction topic; null for a BEGIN, which says nothing that is not said again. The second part of an
 * END's id is the end of the commit record (seen with Debezium 3.7).
 * @throws StranglerError DECODE_FAILED
 */
export function parseTransactionEnd(
  value: Buffer | null,
  offset: number,
  producer?: string,
): TransactionEnd | null {
  if (value === null) return null;
  try {
    const {
      status,
      id,
      event_count: count,
      data_collections: tables,
    } = JSON.parse(value.toString('utf8')) as Wire;
    if (status === 'BEGIN') return null;
    const [xid, lsn] = id.split(':').map(Number);
    if (
      status === 'END' &&
      count !== null &&
      Number.isSafeInteger(xid) &&
      Number.isSafeInteger(lsn) &&
      xid !== undefined &&
      lsn !== undefined
    ) {
      return {
        xid,
        lsn,
        count,
        tables: new Map(tables?.map((table) => [table.data_collection, table.event_count])),
        offset,
        producer,
      };
    }
  } catch {
    // said below
  }
  throw new StranglerError(
    'DECODE_FAILED',
    `message ${offset} of the transaction topic is not one of Debezium's: ${value.toString('utf8').slice(0, 100)}`,
  );
}
