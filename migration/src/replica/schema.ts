import { codeOf, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { databaseFailure } from '../database/failures.ts';
import { quoteLiteral } from '../database/identifiers.ts';
import { events0001 } from './migrations/0001-events.ts';
import { fences0001 } from './migrations/0001-fences.ts';
import { replication0001 } from './migrations/0001-replication.ts';

/** The toolkit's own schema in the data databases of monolith, services and consumers. */
export const replicaSchema = 'strangler';

interface Part {
  /** Numbered from 1, in order; each runs once. A released one never changes. */
  readonly migrations: readonly string[];
  /** What the release before version numbers left behind: then its first migration has run. */
  readonly released: string;
}

/** A database holds the parts that it is used for, no others: a consumer of events has no streams. */
const parts = {
  replication: {
    migrations: [replication0001],
    released: `(SELECT bool_and(to_regclass('strangler.' || name) IS NOT NULL)
      FROM unnest(ARRAY['streams', 'dead_letters', 'copies', 'probe', 'heartbeat', 'signal']) name)`,
  },
  fences: {
    migrations: [fences0001],
    released: `(SELECT count(*) > 0 FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname = 'strangler' AND p.proname = 'fence_refuse'
        AND obj_description(p.oid, 'pg_proc') = 'strangler fence 2')`,
  },
  events: {
    migrations: [events0001],
    released: `(to_regclass('strangler.processed_events') IS NOT NULL
      AND to_regclass('strangler.event_positions') IS NOT NULL)`,
  },
} as const satisfies Record<string, Part>;
export type ReplicaPart = keyof typeof parts;

/** The migrations that a part has run; what an unnumbered release left counts as the first. */
async function versionOf(client: pg.ClientBase, part: ReplicaPart): Promise<number> {
  const { rows } = await client.query<{ numbered: string; released: string }>(
    `SELECT (to_regclass('strangler.schema_versions') IS NOT NULL)::text AS numbered,
            (${parts[part].released})::text AS released`,
  );
  const released = rows[0]?.released === 'true' ? 1 : 0;
  if (rows[0]?.numbered !== 'true') return released;
  const { rows: known } = await client.query<{ version: string }>(
    'SELECT version::text AS version FROM strangler.schema_versions WHERE part = $1',
    [part],
  );
  return Number(known[0]?.version ?? released);
}

// One string, run as one implicit transaction: a half-made schema is never seen.
const upgrade = (part: ReplicaPart, from: number): string => `
SELECT pg_advisory_xact_lock(hashtext('strangler support schema'));
CREATE SCHEMA IF NOT EXISTS strangler;
CREATE TABLE IF NOT EXISTS strangler.schema_versions (
  part text PRIMARY KEY,
  version int NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT USAGE ON SCHEMA strangler TO PUBLIC;
GRANT SELECT ON strangler.schema_versions TO PUBLIC;
${parts[part].migrations.slice(from).join('\n')}
INSERT INTO strangler.schema_versions AS known (part, version)
VALUES (${quoteLiteral(part)}, ${parts[part].migrations.length})
ON CONFLICT (part) DO UPDATE
  SET version = greatest(known.version, excluded.version), at = clock_timestamp();`;

/** Another session made the same object: ours looked into its cache before it got the lock. */
const madeMeanwhile = new Set(['23505', '42P06', '42P07', '42710', 'XX000']);

/**
 * Brings one part of the toolkit's schema in a data database up to this release. Looking first spares the right to create
 * from roles that only use it, and the lock from every start.
 * @throws StranglerError REPLICA_SCHEMA_NEWER, DB_PRIVILEGE
 */
export async function installReplicaSchema(
  client: pg.ClientBase,
  part: ReplicaPart = 'replication',
): Promise<void> {
  const newest = parts[part].migrations.length;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const version = await versionOf(client, part);
      if (version > newest)
        throw new StranglerError(
          'REPLICA_SCHEMA_NEWER',
          `Schema strangler has version ${version} of its ${part} part, this release knows ${newest}`,
          { details: { part, version, newest } },
        );
      if (version < newest) await client.query(upgrade(part, version));
      return;
    } catch (error) {
      if (attempt < 5 && madeMeanwhile.has(codeOf(error))) continue;
      throw databaseFailure(
        error,
        'Cannot make schema strangler (needs GRANT CREATE ON DATABASE … TO the role)',
      );
    }
  }
}
