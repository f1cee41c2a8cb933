import { optionalSetting, type Side } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { describeDatabase, withPooledSession } from '../../database/connect.ts';
import type { ContextCheck } from './context-check.ts';

interface Place {
  readonly system: string;
  readonly started: string;
  readonly database: string;
}

/** A standby has its primary's identifier, but was not started with it. */
async function placeOf(client: pg.Client): Promise<Place> {
  const { rows } = await client.query<Place>(
    `SELECT (SELECT system_identifier FROM pg_control_system())::text AS system,
            extract(epoch FROM pg_postmaster_start_time())::text AS started,
            (SELECT oid FROM pg_database WHERE datname = current_database())::text AS database`,
  );
  const [place] = rows;
  if (!place) throw new Error('the server did not say who it is');
  return place;
}

const difference = (pooled: Place, direct: Place): string | undefined => {
  if (pooled.system !== direct.system) return 'another cluster';
  if (pooled.started !== direct.started) return 'another server of the same cluster, a standby';
  return pooled.database === direct.database ? undefined : 'another database of the same server';
};

/** Where a side has both: whether a pooler and the way past it end in the same place. */
export const directAddress = (side: Side): ContextCheck => ({
  needs: ['replicated data', `${side} database`],
  attempt: { check: `${side} pooler`, expected: 'can be examined' },
  async run({ kit, definition, report }) {
    if (optionalSetting(definition[side].databaseDirect, kit.env) === undefined) return;
    const url = kit.pooledDatabaseUrl(definition, side);
    const options = { applicationName: 'strangler-cli' };
    const pooled = await withPooledSession(url, options, placeOf);
    const direct = await kit.withDatabase(definition, side, placeOf);
    const found = difference(pooled, direct);
    report({
      check: `${side} direct address`,
      ok: found === undefined,
      expected: 'the same server and database',
      actual: found ?? 'the same server and database',
      remedy:
        `${side}.databaseDirect (${describeDatabase(kit.databaseUrl(definition, side))}) must lead to ` +
        `where ${side}.database (${describeDatabase(url)}) leads: mend one of them.`,
    });
  },
});
