import {
  bothSides,
  directionFrom,
  isStranglerError,
  type MigrationDefinition,
  mirrorsAt,
  type Side,
  streamsAt,
} from '@strangler-toolkit/plan';
import { INSTANCE_GONE_SECONDS } from '../control/index.ts';
import { contextTables, fenceStatus, unfinishedMoves } from '../cutover/index.ts';
import { routeFlags, shadowFlags } from '../flags/index.ts';
import { loadMapping } from '../mapping/load.ts';
import { replicationNames } from '../stream/source/replication-names.ts';
import type { Check, Report } from './check.ts';
import { checkReplicaIdentity, serverFacts } from './database-checks.ts';
import { checkKafka } from './kafka-doctor.ts';
import type { Toolkit } from './toolkit.ts';

export type { Check } from './check.ts';

async function attempt(
  report: Report,
  check: string,
  expected: string,
  work: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await work();
    report(check, true, expected, expected, '');
    return true;
  } catch (error) {
    if (isStranglerError(error))
      report(check, false, expected, `${error.code}: ${error.message}`, error.remedy);
    else report(check, false, expected, error instanceof Error ? error.message : String(error), '');
    return false;
  }
}

async function checkServer(
  kit: Toolkit,
  definition: MigrationDefinition,
  side: Side,
  report: Report,
): Promise<void> {
  await kit.withDatabase(definition, side, async (client) => {
    const facts = await serverFacts(client);
    const direction = directionFrom(side);
    const names = replicationNames(definition.context, direction, facts.database);
    report(
      `${side} wal_level`,
      facts.walLevel === 'logical',
      'logical',
      facts.walLevel,
      `Set wal_level = logical on the ${side}'s server and restart it.`,
    );
    report(
      `${side} version`,
      facts.version >= 160_000,
      '16 or newer',
      String(Math.floor(facts.version / 10_000)),
      'Upgrade PostgreSQL: streams of both directions need the publication origin of version 16.',
    );
    report(
      `${side} replication right`,
      facts.replication,
      `${facts.user} may replicate`,
      facts.replication ? `${facts.user} may replicate` : `${facts.user} may not`,
      `ALTER ROLE ${facts.user} REPLICATION`,
    );
    report(
      `${side} session_replication_role`,
      facts.canSetReplicationRole,
      `${facts.user} may set it`,
      facts.canSetReplicationRole ? `${facts.user} may set it` : `${facts.user} may not`,
      `GRANT SET ON PARAMETER session_replication_role TO ${facts.user}`,
    );
    report(
      `${side} create right`,
      facts.canCreate,
      `${facts.user} may create in ${facts.database}`,
      facts.canCreate ? `${facts.user} may create in ${facts.database}` : `${facts.user} may not`,
      `GRANT CREATE ON DATABASE ${facts.database} TO ${facts.user}`,
    );
    const { rows: slots } = await client.query<{
      wal_status: string | null;
      active: string;
      retained: string | null;
    }>(
      'SELECT wal_status, active::text AS active, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::text AS retained FROM pg_replication_slots WHERE slot_name = $1',
      [names.slot],
    );
    const slot = slots[0];
    const free = facts.slots.limit - facts.slots.used;
    report(
      `${side} replication slots`,
      slot !== undefined || free > 0,
      'one free',
      `${facts.slots.used} of ${facts.slots.limit} used`,
      'Raise max_replication_slots, or drop a slot that nobody uses.',
    );
    report(
      `${side} WAL senders`,
      slot?.active === 'true' || facts.senders.used < facts.senders.limit,
      'one free',
      `${facts.senders.used} of ${facts.senders.limit} used`,
      'Raise max_wal_senders.',
    );
    const row = await kit.row(definition);
    const streaming = directionFrom(row.owner) === direction && streamsAt(row.stage);
    if (streaming) {
      const watermark = await (await kit.control()).watermarks.get(definition.context, direction);
      if (watermark && watermark.state !== 'copying') {
        report(
          `${side} slot ${names.slot}`,
          slot !== undefined && slot.wal_status !== 'lost',
          'present, not lost',
          slot
            ? `${slot.wal_status}, ${Math.round(Number(slot.retained ?? 0) / 1_048_576)} MB of WAL retained`
            : 'missing',
          `Changes may be missing: strangler replicate ${definition.context} --restart`,
        );
      }
      const { rows: published } = await client.query<{ name: string }>(
        `SELECT schemaname || '.' || tablename AS name FROM pg_publication_tables WHERE pubname = $1 AND schemaname <> 'strangler' ORDER BY 1`,
        [names.publication],
      );
      const expected = contextTables(definition)
        [side].map((table) => `${table.schema}.${table.table}`)
        .sort()
        .join(', ');
      const actual = published
        .map((table) => table.name)
        .sort()
        .join(', ');
      if (watermark)
        report(
          `${side} publication ${names.publication}`,
          actual === expected,
          expected,
          actual || 'missing or empty',
          `Start the worker again: strangler replicate ${definition.context}`,
        );
    } else if (slot && slot.active === 'false') {
      report(
        `${side} slot ${names.slot}`,
        false,
        'none at this stage',
        `left over, ${Math.round(Number(slot.retained ?? 0) / 1_048_576)} MB of WAL retained`,
        `SELECT pg_drop_replication_slot('${names.slot}')`,
      );
    }
  });
}

async function checkFences(
  kit: Toolkit,
  definition: MigrationDefinition,
  report: Report,
): Promise<void> {
  const row = await kit.row(definition);
  const expected: Record<Side, readonly string[]> = {
    monolith: row.owner === 'monolith' ? ['none', 'audit'] : ['refuse'],
    service:
      row.stage === 'monolith'
        ? ['none']
        : row.owner === 'service'
          ? ['none', 'audit']
          : ['refuse'],
  };
  for (const side of bothSides) {
    const fence = await kit.withDatabase(definition, side, (client) =>
      fenceStatus(client, definition.context, contextTables(definition)[side]),
    );
    const ok = expected[side].includes(fence.mode);
    report(
      `${side} fence`,
      ok,
      expected[side].join(' or '),
      `${fence.mode}${fence.open.length > 0 && fence.mode !== 'none' ? ` (open: ${fence.open.join(', ')})` : ''}`,
      `The ${row.owner} owns ${definition.context}. If no move is running, run strangler ${row.owner === 'monolith' ? 'replicate' : 'rollback'} ${definition.context} again: it brings fences and owner together.`,
    );
  }
}

async function checkFlags(
  kit: Toolkit,
  definition: MigrationDefinition,
  report: Report,
): Promise<void> {
  const row = await kit.row(definition);
  const flags = kit.flagWriter();
  const steering = row.stage === 'canary' || row.stage === 'service';
  const on = (await flags.readAll(routeFlags(definition), definition.context)).filter(
    (flag) => flag.percent > 0 || (flag.otherStrategies > 0 && flag.enabled),
  );
  report(
    'route flags',
    steering || on.length === 0,
    steering ? 'any' : `off at stage ${row.stage}`,
    on.length === 0 ? 'off' : on.map((flag) => `${flag.name} ${flag.percent} %`).join(', '),
    `strangler route ${definition.context} --all --off`,
  );
  const shadowing = mirrorsAt(row.stage);
  const mirrored = (await flags.readAll(shadowFlags(definition), definition.context)).filter(
    (flag) => flag.percent > 0,
  );
  report(
    'shadow flags',
    shadowing || mirrored.length === 0,
    shadowing ? 'any' : `off at stage ${row.stage}`,
    mirrored.length === 0 ? 'off' : mirrored.map((flag) => flag.name).join(', '),
    `strangler shadow ${definition.context} --sample 0`,
  );
}

async function checkContext(
  kit: Toolkit,
  definition: MigrationDefinition,
  checks: Check[],
): Promise<void> {
  const { context } = definition;
  const report: Report = (check, ok, expected, actual, remedy) =>
    checks.push({ context, check, ok, expected, actual, remedy: ok ? '' : remedy });
  const control = await kit.control();
  const row = await kit.row(definition);
  report(
    'data kind',
    row.dataKind === definition.data || row.stage === 'monolith',
    definition.data,
    row.dataKind,
    `The context began as '${row.dataKind}': set data in the file back, or roll back to stage monolith first.`,
  );
  const lease = await control.leases.get(context);
  const moves = await unfinishedMoves(control, context);
  report(
    'lease',
    !lease || lease.expiresInSeconds > 0 || moves.length === 0,
    'none left over',
    lease
      ? `${lease.move} by ${lease.holder}, ${lease.expiresInSeconds > 0 ? 'at work' : 'run out'}`
      : 'none',
    'Run the command again, or start the worker: it finishes or undoes the move.',
  );
  report(
    'unfinished moves',
    moves.length === 0 || (lease?.expiresInSeconds ?? 0) > 0,
    'none',
    moves.length === 0 ? 'none' : moves.map((move) => `${move.kind} ${move.moveId}`).join(', '),
    `Run strangler ${moves[0]?.kind ?? 'cutover'} ${context} again: it finishes or undoes the move first.`,
  );
  report(
    'hold',
    !row.held || (lease?.expiresInSeconds ?? 0) > 0,
    'none outside a move',
    row.held ? `writes held until ${row.holdUntil}` : 'none',
    'It runs out by itself.',
  );
  if (definition.data === 'replicated') {
    const monolithUp = await attempt(report, 'monolith database', 'reachable', () =>
      kit.withDatabase(definition, 'monolith', async () => {}),
    );
    const serviceUp = await attempt(report, 'service database', 'reachable', () =>
      kit.withDatabase(definition, 'service', async () => {}),
    );
    if (monolithUp) {
      await attempt(report, 'monolith server', 'can be examined', () =>
        checkServer(kit, definition, 'monolith', report),
      );
      await attempt(report, 'replica identity', 'usable on every table', () =>
        kit.withDatabase(definition, 'monolith', (client) =>
          checkReplicaIdentity(client, definition),
        ),
      );
    }
    if (serviceUp)
      await attempt(report, 'service server', 'can be examined', () =>
        checkServer(kit, definition, 'service', report),
      );
    if (monolithUp && serviceUp) {
      await attempt(report, 'mapping', 'compiles', () =>
        kit.withDatabase(definition, 'monolith', (monolith) =>
          kit.withDatabase(definition, 'service', (service) =>
            loadMapping(definition, monolith, service),
          ),
        ),
      );
      await attempt(report, 'fences', 'can be examined', () =>
        checkFences(kit, definition, report),
      );
    }
    const streaming = streamsAt(row.stage);
    // In the middle of a move both directions may be there.
    const moving = moves.length > 0 || (lease?.expiresInSeconds ?? 0) > 0;
    await attempt(report, 'transport', 'configured', async () => {
      const { kind } = kit.transport(definition);
      if (kind !== 'kafka' || !monolithUp || !serviceUp || moving) return;
      await attempt(report, 'stream through Kafka', 'can be examined', async () => {
        const direction = directionFrom(row.owner);
        const watermark = await control.watermarks.get(context, direction);
        await checkKafka(
          kit,
          definition,
          {
            streaming: streaming ? direction : null,
            begun: watermark !== undefined && watermark.state !== 'copying',
          },
          report,
        );
      });
    });
    if (streamsAt(row.stage)) {
      const watermark = await control.watermarks.get(context, directionFrom(row.owner));
      const { code, message, remedy } = watermark?.state === 'failed' ? watermark.detail : {};
      report(
        'worker',
        watermark?.workerAlive === true && watermark.state !== 'failed',
        'alive',
        watermark
          ? `${watermark.state}, heartbeat ${watermark.heartbeatAgeSeconds.toFixed(1)} s ago${typeof code === 'string' ? `: ${code}: ${String(message)}` : ''}`
          : 'never seen',
        typeof remedy === 'string' ? remedy : `strangler replicate ${context}`,
      );
    }
  }
  if (kit.hasFlagWriter)
    await attempt(report, 'flags', 'fit the stage', () => checkFlags(kit, definition, report));
}

/** Compares what the control database says with what is there, and says how to mend. */
export async function doctor(
  kit: Toolkit,
  context?: string,
): Promise<{ ok: boolean; checks: Check[] }> {
  const checks: Check[] = [];
  const report: Report = (check, ok, expected, actual, remedy) =>
    checks.push({ context: null, check, ok, expected, actual, remedy: ok ? '' : remedy });
  const definitions =
    context === undefined
      ? [...(await kit.contexts()).values()].map((loaded) => loaded.definition)
      : [await kit.definition(context)];
  if (
    !(await attempt(report, 'control database', 'reachable, schema of this release', () =>
      kit.control(),
    ))
  )
    return { ok: false, checks };
  if (kit.hasFlagWriter)
    await attempt(report, kit.flagWriter().provider, 'reachable, the token may change flags', () =>
      kit.flagWriter().ping(),
    );
  const instances = await (await kit.control()).instances.list();
  const gone = instances.filter((instance) => !instance.alive);
  report(
    'facade instances',
    gone.every((instance) => instance.heartbeatAgeSeconds > 3600),
    `heartbeats within ${INSTANCE_GONE_SECONDS} s`,
    `${instances.length - gone.length} alive${gone.length > 0 ? `, gone: ${gone.map((instance) => `${instance.name} (${Math.round(instance.heartbeatAgeSeconds)} s)`).join(', ')}` : ''}`,
    'Start it again, or wait: an instance that is gone is forgotten after an hour.',
  );
  for (const definition of definitions)
    await attempt(report, `context ${definition.context}`, 'can be examined', () =>
      checkContext(kit, definition, checks),
    );
  return { ok: checks.every((check) => check.ok), checks };
}
