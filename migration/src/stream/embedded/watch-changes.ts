import { randomBytes } from 'node:crypto';
import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { connect, databaseName, describeDatabase } from '../../database/connect.ts';
import { readTable } from '../../database/catalog.ts';
import { databaseFailure } from '../../database/failures.ts';
import { displayTable, type TableName } from '../../database/identifiers.ts';
import { lsnFromText } from '../../database/lsn.ts';
import type { ChangeEvent } from '../change-event.ts';
import type { StreamMessage } from '../change-stream.ts';
import { dropPublication, ensurePublication } from '../source/publication.ts';
import { ByteCursor } from './byte-cursor.ts';
import { decodePgoutput } from './pgoutput-decoder.ts';
import { TransactionBuilder } from './transaction-builder.ts';

/** Looks at what a database's log tells of some tables, for as long as it is open; nobody else's slot is touched. */
export interface ChangeWatch {
  /** What was written until now is passed over. */
  forget(): Promise<void>;
  /** Everything committed since it was last asked, or told to forget. */
  changes(): Promise<readonly ChangeEvent[]>;
  close(): Promise<void>;
}

const prefix = 'strangler_pacts_';
const noLimits = { events: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };

/**
 * Through a temporary slot, which goes with its session however that ends: what is killed holds no log back. A publication that was
 * left is dropped by the next one.
 * @throws StranglerError DB_UNREACHABLE, DB_AUTH, DB_PRIVILEGE, WAL_LEVEL, NO_REPLICATION_SLOTS, TABLE_MISSING, REPLICA_IDENTITY
 */
export async function watchChanges(
  url: string,
  tables: readonly TableName[],
): Promise<ChangeWatch> {
  const client = await connect(url, { applicationName: 'strangler-contracts' });
  const name = `${prefix}${randomBytes(6).toString('hex')}`;
  const close = async (): Promise<void> => {
    try {
      await dropPublication(client, name);
    } finally {
      await client.end();
    }
  };
  // The slot first: a publication without one is left over, and changes from before the publication cannot be decoded.
  const forget = async (): Promise<void> =>
    void (await client.query(
      `SELECT pg_replication_slot_advance(slot_name, greatest(pg_current_wal_flush_lsn(), confirmed_flush_lsn))
       FROM pg_replication_slots WHERE slot_name = $1`,
      [name],
    ));
  try {
    await requireIdentities(client, tables);
    await dropLeftovers(client);
    await client.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput', true)`, [name]);
    await ensurePublication(client, name, tables);
    await forget();
  } catch (error) {
    await close().catch(() => undefined);
    throw databaseFailure(error, `Cannot read changes of ${describeDatabase(url)}`);
  }
  return { forget, changes: () => decoded(client, name, databaseName(url)), close };
}

async function decoded(
  client: pg.Client,
  name: string,
  database: string,
): Promise<readonly ChangeEvent[]> {
  const { rows } = await client.query<{ lsn: string; data: string }>(
    `SELECT lsn, data FROM pg_logical_slot_get_binary_changes($1, NULL, NULL, 'proto_version', '1', 'publication_names', $2)`,
    [name, name],
  );
  const events: ChangeEvent[] = [];
  const builder = new TransactionBuilder(database, noLimits, (message: StreamMessage) => {
    if (message.kind === 'changes') events.push(...message.events);
  });
  for (const { lsn, data } of rows) {
    // Two characters in front say that hexadecimal digits follow.
    const bytes = Buffer.from(data.slice(2), 'hex');
    const cursor = new ByteCursor();
    cursor.enter(bytes, 0, bytes.length);
    builder.take(decodePgoutput(cursor), lsnFromText(lsn), bytes.length);
  }
  return events;
}

/** Published without one, a table refuses the provider's own updates. */
async function requireIdentities(client: pg.Client, tables: readonly TableName[]): Promise<void> {
  for (const name of tables) {
    if ((await readTable(client, name)).identityColumns.length === 0)
      throw new StranglerError(
        'REPLICA_IDENTITY',
        `${displayTable(name)} has no key that the log would carry: its changes cannot be read`,
      );
  }
}

async function dropLeftovers(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ pubname: string }>(
    `SELECT pubname FROM pg_publication WHERE starts_with(pubname, $1)
     AND NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = pubname)`,
    [prefix],
  );
  for (const { pubname } of rows) await dropPublication(client, pubname);
}
