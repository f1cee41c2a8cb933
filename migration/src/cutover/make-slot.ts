import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, StranglerError } from '@strangler-toolkit/plan';
import type { Client } from 'pg';
import { connect } from '../database/connect.ts';
import { makingSlot } from '../stream/source/index.ts';
import { cancelled } from './move-state.ts';

/** What a new slot waits for. */
export interface SlotBlocker {
  /** 0: a prepared transaction, which has no process. */
  readonly pid: string;
  readonly application: string;
  readonly user: string;
  readonly database: string;
  readonly state: string;
  readonly transactionSeconds: string | null;
}

/** Without pg_monitor the rows of other users show less, never nothing. */
async function blockersOf(watcher: Client, pid: string): Promise<SlotBlocker[]> {
  const { rows } = await watcher.query<SlotBlocker>(
    `SELECT DISTINCT blocker.pid::text AS pid, coalesce(a.application_name,
      '') AS application, coalesce(a.usename, p.owner, '') AS user,
      coalesce(a.datname, p.database, '') AS database,
       CASE WHEN blocker.pid = 0 THEN 'prepared as ' || quote_literal(coalesce(p.gid, '?'))
         ELSE coalesce(a.state, 'state hidden') END AS state,
       round(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared))::numeric, 1)::text AS "transactionSeconds"
     FROM unnest(pg_blocking_pids($1::int)) AS blocker(pid)
     LEFT JOIN pg_stat_activity a ON a.pid = blocker.pid AND blocker.pid <> 0
     LEFT JOIN pg_prepared_xacts p ON blocker.pid = 0 ORDER BY 1`,
    [pid],
  );
  return rows;
}

const describe = (blocker: SlotBlocker): string =>
  `${blocker.pid === '0' ? 'a prepared transaction' : `pid ${blocker.pid}`} ` +
  `(${blocker.application || 'no application_name'}, user ${blocker.user || 'hidden'}, ` +
  `database ${blocker.database || 'hidden'}, ${blocker.state}, ` +
  `for ${blocker.transactionSeconds ?? '?'} s)`;

function waitedInVain(
  slot: string,
  limitMs: number,
  blockers: readonly SlotBlocker[],
  cause: unknown,
): StranglerError {
  const seconds = Math.round(limitMs / 1000);
  if (blockers.length === 0)
    return new StranglerError(
      'TIMEOUT',
      `replication slot ${slot} was not made within ${seconds} s`,
      { cause },
    );
  const pids = blockers.filter((blocker) => blocker.pid !== '0').map((blocker) => blocker.pid);
  const ends =
    pids.length > 0
      ? pids.map((pid) => `SELECT pg_terminate_backend(${pid})`).join('; ')
      : 'COMMIT PREPARED or ROLLBACK PREPARED';
  return new StranglerError(
    'TIMEOUT',
    `replication slot ${slot} was not made within ${seconds} s: it waits for transactions that ` +
      `write, in any database of the server: ${blockers.map(describe).join(', ')}`,
    {
      cause,
      details: { slot, blockers },
      remedy: `Let them end, or end them (${ends}), then run the command again.`,
    },
  );
}

/**
 * A logical slot begins where no transaction is half done, so making one waits for every transaction of the *server* that
 * has written something. Nothing is held meanwhile, but nobody waits for ever, and whoever waited in vain learns for whom.
 * Not under the move guard: it would wait for our own transaction too. An overtaken process can leave a slot behind here,
 * which the next move drops; it cannot disturb a stream.
 * @throws StranglerError TIMEOUT (details.blockers), CANCELLED
 */
export async function makeSlot(
  url: string,
  slot: string,
  options: { limitMs: number; signal: AbortSignal },
): Promise<string> {
  const maker = await connect(url, { applicationName: 'strangler-make-slot' });
  let watcher: Client | undefined;
  let blockers: readonly SlotBlocker[] = [];
  const over = new AbortController();
  const watch = async (pid: string): Promise<void> => {
    watcher = await connect(url, { applicationName: 'strangler-make-slot-watch' });
    while (!over.signal.aborted) {
      const now = await blockersOf(watcher, pid);
      // Kept when the wait is between two of them: the last one seen is the one to name.
      if (now.length > 0) blockers = now;
      if (options.signal.aborted) await watcher.query('SELECT pg_cancel_backend($1::int)', [pid]);
      await delay(200, undefined, { signal: over.signal }).catch(() => {});
    }
  };
  let watching: Promise<void> = Promise.resolve();
  try {
    const { rows: self } = await maker.query<{ pid: string }>(
      'SELECT pg_backend_pid()::text AS pid',
    );
    await maker.query(`SET statement_timeout = ${Math.max(1, Math.round(options.limitMs))}`);
    watching = watch(self[0]?.pid ?? '0').catch(() => {});
    const { rows } = await maker.query<{ lsn: string }>(await makingSlot(maker), [slot]);
    return rows[0]?.lsn ?? '0/0';
  } catch (error) {
    if (codeOf(error) !== '57014') throw error;
    throw options.signal.aborted
      ? cancelled(options.signal)
      : waitedInVain(slot, options.limitMs, blockers, error);
  } finally {
    over.abort();
    await watching;
    await Promise.all([maker.end().catch(() => {}), watcher?.end().catch(() => {})]);
  }
}

/** Who would be waited for right now; for a dry run. */
export async function longWriters(client: Client): Promise<SlotBlocker[]> {
  const { rows } = await client.query<SlotBlocker>(
    `SELECT pid::text AS pid, application_name AS application,
      coalesce(usename, '') AS user, coalesce(datname, '') AS database, coalesce(state, '') AS state,
       round(extract(epoch FROM clock_timestamp() - xact_start)::numeric, 1)::text AS "transactionSeconds"
     FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
       AND xact_start < clock_timestamp() - interval '1 second' ORDER BY xact_start`,
  );
  return rows;
}
