import {
  codeOf,
  isStranglerError,
  type MigrationDefinition,
  type Side,
  StranglerError,
} from '@strangler-toolkit/plan';
import type pg from 'pg';
import { readTable } from '../database/catalog.ts';
import { parseTableName } from '../database/identifiers.ts';
import type { FindingKind } from '../findings/kinds.ts';

export interface ServerFacts {
  readonly walLevel: string;
  readonly user: string;
  readonly superuser: boolean;
  readonly replication: boolean;
  readonly slots: { readonly used: number; readonly limit: number };
  readonly senders: { readonly used: number; readonly limit: number };
  readonly canCreate: boolean;
  readonly canSetReplicationRole: boolean;
  /** Functions of replication origins that it may not call, as GRANT names them. */
  readonly originFunctions: readonly string[];
  readonly version: number;
  readonly database: string;
}

/** What applying with a replication origin, and proving and removing it, calls. */
const originFunctions = [
  'pg_replication_origin_oid(text)',
  'pg_replication_origin_create(text)',
  'pg_replication_origin_session_setup(text)',
  'pg_replication_origin_drop(text)',
];

export async function serverFacts(client: pg.Client): Promise<ServerFacts> {
  const { rows } = await client.query<Record<string, string>>(`
    SELECT current_setting('wal_level') AS wal_level, current_user AS user_name,
      r.rolsuper::text AS superuser, (r.rolreplication OR r.rolsuper)::text AS replication,
      (SELECT count(*) FROM pg_replication_slots)::text AS slots_used, current_setting('max_replication_slots') AS slots_limit,
      (SELECT count(*) FROM pg_stat_replication)::text AS senders_used, current_setting('max_wal_senders') AS senders_limit,
      has_database_privilege(current_database(), 'CREATE')::text AS can_create,
      (SELECT coalesce(string_agg(f, ', '), '') FROM unnest(ARRAY[${originFunctions.map((name) => `'${name}'`).join(', ')}]) f
        WHERE NOT has_function_privilege('pg_catalog.' || f, 'EXECUTE')) AS origin_functions,
      current_setting('server_version_num') AS version, current_database() AS database
    FROM pg_roles r WHERE r.rolname = current_user`);
  const row = rows[0] ?? {};
  return {
    walLevel: row.wal_level ?? '',
    user: row.user_name ?? '',
    superuser: row.superuser === 'true',
    replication: row.replication === 'true',
    slots: { used: Number(row.slots_used), limit: Number(row.slots_limit) },
    senders: { used: Number(row.senders_used), limit: Number(row.senders_limit) },
    canCreate: row.can_create === 'true',
    canSetReplicationRole: await maySetReplicationRole(client),
    originFunctions: (row.origin_functions ?? '').split(', ').filter((name) => name !== ''),
    version: Number(row.version),
    database: row.database ?? '',
  };
}

/** Tried out: before version 15 no catalog tells, and managed servers let roles of theirs set it. */
async function maySetReplicationRole(client: pg.Client): Promise<boolean> {
  await client.query('BEGIN');
  try {
    await client.query('SET LOCAL session_replication_role = replica');
    return true;
  } catch (error) {
    if (codeOf(error) !== '42501') throw error;
    return false;
  } finally {
    await client.query('ROLLBACK');
  }
}

/** Whether a slot and a publication can be made on a side. @throws WAL_LEVEL, NO_REPLICATION_SLOTS, DB_PRIVILEGE */
export async function checkReplicationCapacity(client: pg.Client, side: Side): Promise<void> {
  const facts = await serverFacts(client);
  const where = `the ${side}'s database ${facts.database}`;
  if (facts.walLevel !== 'logical')
    throw new StranglerError(
      'WAL_LEVEL',
      `${where}: wal_level is ${facts.walLevel}, must be logical`,
    );
  if (!facts.replication)
    throw new StranglerError('DB_PRIVILEGE', `${where}: user ${facts.user} may not replicate`, {
      remedy: `ALTER ROLE ${facts.user} REPLICATION`,
    });
  if (!facts.canCreate)
    throw new StranglerError(
      'DB_PRIVILEGE',
      `${where}: user ${facts.user} may not create a publication and the schema strangler`,
      { remedy: `GRANT CREATE ON DATABASE ${facts.database} TO ${facts.user}` },
    );
  if (facts.slots.used >= facts.slots.limit)
    throw new StranglerError(
      'NO_REPLICATION_SLOTS',
      `${where}: all ${facts.slots.limit} replication slots are in use`,
    );
  if (facts.senders.used >= facts.senders.limit)
    throw new StranglerError(
      'NO_REPLICATION_SLOTS',
      `${where}: all ${facts.senders.limit} WAL senders are in use`,
    );
}

/** Mapped tables of the monolith whose changes do not say which row they are of. What is no table, the mapping's own check tells. */
export async function replicaIdentityProblems(
  monolith: pg.Client,
  definition: MigrationDefinition,
): Promise<StranglerError[]> {
  const problems: StranglerError[] = [];
  for (const [index, mapping] of (definition.tables ?? []).entries()) {
    const table = await readTable(monolith, parseTableName(mapping.monolith)).catch(
      (error: unknown) => {
        if (!isStranglerError(error) || error.code !== 'TABLE_MISSING') throw error;
        return null;
      },
    );
    if (table === null) continue;
    const key = mapping.key ?? table.primaryKey;
    const carried =
      table.replicaIdentity === 'full' ||
      (table.identityColumns.length > 0 &&
        key.length > 0 &&
        key.every((column) => table.identityColumns.includes(column)));
    if (carried && key.length > 0) continue;
    const named = `contexts/${definition.context}: tables[${index}] ${table.schema}.${table.table}`;
    const details = {
      finding: 'replica identity' satisfies FindingKind,
      table: `${table.schema}.${table.table}`,
    };
    problems.push(
      carried
        ? new StranglerError('REPLICA_IDENTITY', `${named} has no key`, {
            details,
            remedy:
              'Add a primary key, or name the columns that identify a row in tables[].key of the context file.',
          })
        : new StranglerError(
            'REPLICA_IDENTITY',
            `${named} has no usable replica identity (REPLICA IDENTITY ${table.replicaIdentity.toUpperCase()}, key ` +
              `${key.join(', ') || 'none'})`,
            { details },
          ),
    );
  }
  return problems;
}

/** @throws StranglerError REPLICA_IDENTITY, the first of them */
export async function checkReplicaIdentity(
  ...where: Parameters<typeof replicaIdentityProblems>
): Promise<void> {
  const [problem] = await replicaIdentityProblems(...where);
  if (problem) throw problem;
}
