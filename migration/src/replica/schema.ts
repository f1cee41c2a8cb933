import { codeOf, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { databaseFailure } from '../database/failures.ts';
import { quoteLiteral } from '../database/identifiers.ts';
import { events0001 } from './migrations/0001-events.ts';
import { events0002 } from './migrations/0002-events.ts';
import { events0003 } from './migrations/0003-events.ts';
import { fences0001 } from './migrations/0001-fences.ts';
import { fences0002 } from './migrations/0002-fences.ts';
import { fences0003 } from './migrations/0003-fences.ts';
import { fences0004 } from './migrations/0004-fences.ts';
import { fences0005 } from './migrations/0005-fences.ts';
import { outbox0001 } from './migrations/0001-outbox.ts';
import { replication0001 } from './migrations/0001-replication.ts';
import { replication0002 } from './migrations/0002-replication.ts';
import { replication0003 } from './migrations/0003-replication.ts';
import { replication0004 } from './migrations/0004-replication.ts';
import { replication0005 } from './migrations/0005-replication.ts';
import { replication0006 } from './migrations/0006-replication.ts';
import { untilLocked, waitBriefly } from './upgrade-locks.ts';

/** The toolkit's own schema in the data databases of monolith, services and consumers. */
export const replicaSchema = 'strangler';

interface Part {
  /** Numbered from 1, in order; each runs once. A released one never changes. */
  readonly migrations: readonly string[];
  /**
   * The oldest version whose release works on beside the newest: a migration that only adds leaves it, any other raises it to
   * its own number. Stored, so that a release that was rolled back knows whether it may go on.
   */
  readonly compatibleFrom: number;
  /** What the release before version numbers left behind: then its first migration has run. */
  readonly released: string;
}

/** A database holds the parts that it is used for, no others: a consumer of events has no streams. */
export const parts = {
  replication: {
    migrations: [
      replication0001,
      replication0002,
      replication0003,
      replication0004,
      replication0005,
      replication0006,
    ],
    compatibleFrom: 1,
    released: `(SELECT bool_and(to_regclass('strangler.' || name) IS NOT NULL)
      FROM unnest(ARRAY['streams', 'dead_letters', 'copies', 'probe', 'heartbeat', 'signal']) name)`,
  },
  fences: {
    migrations: [fences0001, fences0002, fences0003, fences0004, fences0005],
    compatibleFrom: 1,
    released: `(SELECT count(*) > 0 FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname = 'strangler' AND p.proname = 'fence_refuse'
        AND obj_description(p.oid, 'pg_proc') = 'strangler fence 2')`,
  },
  events: {
    migrations: [events0001, events0002, events0003],
    compatibleFrom: 1,
    released: `(to_regclass('strangler.processed_events') IS NOT NULL
      AND to_regclass('strangler.event_positions') IS NOT NULL)`,
  },
  outbox: { migrations: [outbox0001], compatibleFrom: 1, released: 'false' },
} as const satisfies Record<string, Part>;
export type ReplicaPart = keyof typeof parts;

/**
 * The migrations that a part has run; what an unnumbered release left counts as the first. Reads the catalog's own table:
 * to_regclass alone answers from the session's cache, which after a wait for the advisory lock is that of before it.
 */
async function versionOf(
  client: pg.ClientBase,
  part: ReplicaPart,
): Promise<{ readonly version: number; readonly compatibleFrom: number }> {
  const { rows } = await client.query<{ numbered: string; released: string }>(
    `SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE n.nspname = 'strangler' AND c.relname = 'schema_versions')::text AS numbered,
            (${parts[part].released})::text AS released`,
  );
  const released = rows[0]?.released === 'true' ? 1 : 0;
  if (rows[0]?.numbered !== 'true') return { version: released, compatibleFrom: released };
  // as JSON: who made the table may not have known the column
  const { rows: known } = await client.query<{ version: string; from: string | null }>(
    `SELECT version::text AS version, to_jsonb(known) ->> 'compatible_from' AS from
       FROM strangler.schema_versions AS known WHERE part = $1`,
    [part],
  );
  const version = Number(known[0]?.version ?? released);
  return { version, compatibleFrom: Number(known[0]?.from ?? version) };
}

/** Whether a part that made this table was ever installed here: teardown also meets databases that never had it. */
export async function hasTable(client: pg.ClientBase, table: string): Promise<boolean> {
  const { rows } = await client.query<{ id: string | null }>('SELECT to_regclass($1)::text AS id', [
    `${replicaSchema}.${table}`,
  ]);
  return typeof rows[0]?.id === 'string';
}

/** What a newer release only added is in nobody's way. @throws StranglerError REPLICA_SCHEMA_NEWER */
async function missing(client: pg.ClientBase, part: ReplicaPart): Promise<readonly string[]> {
  const { migrations } = parts[part];
  const { version, compatibleFrom } = await versionOf(client, part);
  if (version > migrations.length && compatibleFrom > migrations.length)
    throw new StranglerError(
      'REPLICA_SCHEMA_NEWER',
      `Schema strangler has version ${version} of its ${part} part, for releases that know ${compatibleFrom}; ` +
        `this release knows ${migrations.length}`,
      { details: { part, version, compatibleFrom, newest: migrations.length } },
    );
  return migrations.slice(version);
}

const numbers = `
CREATE SCHEMA IF NOT EXISTS strangler;
CREATE TABLE IF NOT EXISTS strangler.schema_versions (
  part text PRIMARY KEY,
  version int NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  compatible_from int
);
-- where it is there, its owner is not asked for
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'strangler.schema_versions'::regclass AND attname = 'compatible_from') THEN
    ALTER TABLE strangler.schema_versions ADD COLUMN compatible_from int;
  END IF;
END $$;
GRANT SELECT ON strangler.schema_versions TO PUBLIC;`;

const numbered = (part: ReplicaPart): string => `
INSERT INTO strangler.schema_versions AS known (part, version, compatible_from)
VALUES (${quoteLiteral(part)}, ${parts[part].migrations.length}, ${parts[part].compatibleFrom})
ON CONFLICT (part) DO UPDATE
  SET version = excluded.version, compatible_from = excluded.compatible_from, at = clock_timestamp();`;

/** In one transaction: a half-made schema is never seen. Looks again under the lock, so that each migration runs once. */
async function upgrade(client: pg.ClientBase, part: ReplicaPart): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('strangler support schema'))`);
    const left = await missing(client, part);
    await waitBriefly(client);
    if (left.length > 0) await client.query([numbers, ...left, numbered(part)].join('\n'));
    await client.query('COMMIT');
  } catch (error) {
    // A lost connection rolls back by itself; what is told is why.
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

/** Another session made the same object: ours looked into its cache before it got the lock. */
const madeMeanwhile = new Set(['23505', '42P06', '42P07', '42710', 'XX000']);

/** What an earlier release made is changed by its owner alone. A connection that broke tells nothing. */
async function othersOwn(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client
    .query<{ role: string }>(
      `SELECT DISTINCT owner::regrole::text AS role FROM (
         SELECT relowner FROM pg_class WHERE relnamespace = to_regnamespace('strangler') AND relkind = 'r'
         UNION SELECT proowner FROM pg_proc WHERE pronamespace = to_regnamespace('strangler')) made (owner)
        WHERE NOT pg_has_role(owner, 'USAGE')`,
    )
    .catch(() => ({ rows: [] }));
  return rows.map(({ role }) => role);
}

/** The driver knows whom it connected as, and where; a client of a handler's own may be less than pg.Client. */
async function rightsFor(
  client: pg.ClientBase & { database?: string; user?: string },
): Promise<string> {
  const role = client.user ?? 'the role';
  const owners = await othersOwn(client);
  return (
    `GRANT CREATE ON DATABASE ${client.database ?? '…'} TO ${role}; where another role made the schema, ` +
    `GRANT CREATE ON SCHEMA strangler and GRANT INSERT, UPDATE ON strangler.schema_versions TO ${role}` +
    (owners.length === 0
      ? ''
      : `; tables and functions of schema strangler are changed by their owner alone: GRANT ${owners.join(', ')} TO ${role}, ` +
        `or run the command once as ${owners.join(', ')}`)
  );
}

/**
 * Brings one part of the toolkit's schema in a data database up to this release. Looking first spares the right to create
 * from roles that only use it, and the lock from every start.
 * @throws StranglerError REPLICA_SCHEMA_NEWER, REPLICA_SCHEMA_BUSY, DB_PRIVILEGE
 */
export async function installReplicaSchema(
  client: pg.ClientBase,
  part: ReplicaPart = 'replication',
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      if ((await missing(client, part)).length > 0)
        await untilLocked(client, () => upgrade(client, part));
      return;
    } catch (error) {
      if (attempt < 5 && madeMeanwhile.has(codeOf(error))) continue;
      throw databaseFailure(
        error,
        `Cannot make schema strangler (needs ${await rightsFor(client)})`,
      );
    }
  }
}
