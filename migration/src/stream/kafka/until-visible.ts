import { setTimeout as delay } from 'node:timers/promises';
import type { SourceQueries } from './source-queries.ts';

/** Of transaction ids only 32 bits come: each is the one of its bits that is nearest to the next that the server gives out. */
export const wholeId =
  'next + (x % 4294967296 - next % 4294967296 + 6442450944) % 4294967296 - 2147483648';

const unseen = `
WITH now AS (SELECT pg_current_snapshot() AS seen, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next),
asked AS (SELECT ${wholeId} AS xid FROM now, unnest($1::bigint[]) AS x)
SELECT FROM now, asked WHERE NOT pg_visible_in_snapshot(xid::text::xid8, seen) LIMIT 1`;

/**
 * A transaction is in the log, and so in Kafka, before anybody sees it: for a moment, or for as long as a synchronous standby keeps
 * its commit waiting. Rows that were asked for meanwhile would be older than the change, and no later one would say so.
 */
export async function untilVisible(source: SourceQueries, xids: readonly number[]): Promise<void> {
  // each look a question of its own: beats go on between them, and a source that is closed ends it
  while ((await source.run((client) => client.query(unseen, [xids]))).rows.length > 0)
    await delay(50);
}
