import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { writeSignal } from '../../replica/signals.ts';
import type { SourceTable } from '../transport.ts';
import type { ConnectClient } from './connect-client.ts';
import { tablePattern } from './connector-config.ts';
import { newestOffset } from './connector-offset.ts';

/**
 * A row in the signal table reaches the connector at its place among the changes. Other connectors
 * of the database know none of the tables.
 */
async function signal(
  client: pg.Client,
  type: 'execute-snapshot' | 'stop-snapshot',
  tables: readonly SourceTable[],
): Promise<string> {
  const id = `strangler-${randomUUID()}`;
  await writeSignal(client, {
    id,
    type,
    data: { 'data-collections': tables.map(tablePattern), type: 'incremental' },
  });
  return id;
}

/** Asks the connector to read tables again, in chunks, between the changes. */
export const startSnapshot = (client: pg.Client, tables: readonly SourceTable[]): Promise<string> =>
  signal(client, 'execute-snapshot', tables);
export const stopSnapshot = (client: pg.Client, tables: readonly SourceTable[]): Promise<string> =>
  signal(client, 'stop-snapshot', tables);

/** How far the connector has come, and whether it was in the middle of a snapshot there: both stand in one offset. */
export async function snapshotState(
  connect: ConnectClient,
  connector: string,
): Promise<{ readonly position: bigint; readonly running: boolean }> {
  const offset = await connect.offset(connector);
  const collections = offset?.incremental_snapshot_collections;
  return {
    position: newestOffset(offset) ?? 0n,
    running: typeof collections === 'string' && collections !== '' && collections !== '[]',
  };
}
