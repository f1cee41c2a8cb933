import { codeOf, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { applying } from '../replica/fences.ts';

/**
 * Makes a connection an apply session: triggers, fences and foreign keys do not look at it, and what it commits carries a
 * replication origin, so that a stream of the target's own changes leaves it out.
 */
export async function prepareApplySession(client: pg.Client, origin: string | null): Promise<void> {
  try {
    await client.query(
      `${applying()}; SET lock_timeout = '10s'; SET statement_timeout = 0; ` +
        'SET idle_in_transaction_session_timeout = 0',
    );
    if (origin === null) return;
    const { rows } = await client.query('SELECT 1 FROM pg_replication_origin WHERE roname = $1', [
      origin,
    ]);
    if (rows.length === 0)
      await client.query('SELECT pg_replication_origin_create($1)', [origin]).catch(ignoreExisting);
    await client.query('SELECT pg_replication_origin_session_setup($1)', [origin]);
  } catch (error) {
    if (codeOf(error) === '53400') {
      throw new StranglerError('NO_REPLICATION_SLOTS', `no room for replication origin ${origin}`, {
        cause: error,
        remedy:
          'Raise max_active_replication_origins (before PostgreSQL 18: max_replication_slots) ' +
          'and restart, or drop origins that nobody uses: SELECT ' +
          'pg_replication_origin_drop(roname) FROM pg_replication_origin',
      });
    }
    if (codeOf(error) !== '42501') throw error;
    throw new StranglerError(
      'DB_PRIVILEGE',
      'the apply role may not set session_replication_role or use replication origins: GRANT ' +
        'SET ON PARAMETER session_replication_role TO <role>; GRANT EXECUTE ON FUNCTION ' +
        'pg_replication_origin_create(text), pg_replication_origin_session_setup(text), ' +
        'pg_replication_origin_drop(text) TO <role>',
      { cause: error },
    );
  }
}

function ignoreExisting(error: unknown): void {
  if (codeOf(error) !== '42710' && codeOf(error) !== '23505') throw error;
}
