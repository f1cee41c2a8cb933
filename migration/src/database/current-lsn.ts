import type pg from 'pg';
import { type Lsn, lsnFromText } from './lsn.ts';

/** Longest header of a log page (XLogLongPageHeaderData). */
const longestPageHeader = 40n;

/**
 * Position that a stream has certainly passed once it has given every change committed before now. Right after a page
 * boundary the server counts the header of a page that it has not begun to write, a place that an idle stream never reaches.
 */
export async function currentLsn(client: pg.Client | pg.PoolClient): Promise<Lsn> {
  const { rows } = await client.query<{ lsn: string; block: string }>(
    `SELECT pg_current_wal_insert_lsn() AS lsn, current_setting('wal_block_size') AS block`,
  );
  const lsn = lsnFromText(rows[0]?.lsn ?? '0/0');
  const intoPage = lsn % BigInt(rows[0]?.block ?? '8192');
  return intoPage <= longestPageHeader ? lsn - intoPage : lsn;
}

/** The end of the log as the server prints it: what a commit made now lies behind. */
export async function insertLsn(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ lsn: string }>(
    'SELECT pg_current_wal_insert_lsn()::text AS lsn',
  );
  return rows[0]?.lsn ?? '0/0';
}
