import {
  bothSides,
  directionFrom,
  INSTANCE_GONE_SECONDS,
  type MigrationDefinition,
  mirrorsAt,
  type Side,
  streamsAt,
} from '@strangler-toolkit/plan';
import { contextTables, fenceStatus, unfinishedMoves } from '../cutover/index.ts';
import { routeFlags, shadowFlags } from '../flags/index.ts';
import { loadMapping } from '../mapping/load.ts';
import { replicationNames } from '../stream/source/replication-names.ts';
import { type Check, checked, type Report, reportAttempt } from '../findings/check.ts';
import { checkReplicaIdentity, serverFacts } from './database-checks.ts';
import { streamEnds } from './stream-ends.ts';
import type { Toolkit } from './toolkit.ts';

export type { Check } from '../findings/check.ts';

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
    report({
      check: `${side} wal_level`,
      ok: facts.walLevel === 'logical',
      expected: 'logical',
      actual: facts.walLevel,
      remedy: `Set wal_level = logical on the ${side}'s server and restart it.`,
    });
    report({
      check: `${side} version`,
      ok: facts.version >= 160_000,
      expected: '16 or newer',
      actual: String(Math.floor(facts.version / 10_000)),
      remedy:
        'Upgrade PostgreSQL: streams of both directions need the publication origin of version 16.',
    });
    report({
      check: `${side} replication right`,
      ok: facts.replication,
      expected: `${facts.user} may replicate`,
      actual: facts.replication ? `${facts.user} may replicate` : `${facts.user} may not`,
      remedy: `ALTER ROLE ${facts.user} REPLICATION`,
    });
    report({
      check: `${side} session_replication_role`,
      ok: facts.canSetReplicationRole,
      expected: `${facts.user} may set it`,
      actual: facts.canSetReplicationRole ? `${facts.user} may set it` : `${facts.user} may not`,
      remedy: `GRANT SET ON PARAMETER session_replication_role TO ${facts.user}`,
    });
    report({
      check: `${side} create right`,
      ok: facts.canCreate,
      expected: `${facts.user} may create in ${facts.database}`,
      actual: facts.canCreate
        ? `${facts.user} may create in ${facts.database}`
        : `${facts.user} may not`,
      remedy: `GRANT CREATE ON DATABASE ${facts.database} TO ${facts.user}`,
    });
    const { rows: slots } = await client.query<{
      wal_status: string | null;
      active: string;
      retained: string | null;
    }>(
      `SELECT wal_status, active::text AS active, pg_wal_lsn_diff(pg_current_wal_lsn(),
        restart_lsn)::text AS retained FROM pg_replication_slots WHERE slot_name = $1`,
      [names.slot],
    );
    const slot = slots[0];
    const free = facts.slots.limit - facts.slots.used;
    report({
      check: `${side} replication slots`,
      ok: slot !== undefined || free > 0,
      expected: 'one free',
      actual: `${facts.slots.used} of ${facts.slots.limit} used`,
      remedy: 'Raise max_replication_slots, or drop a slot that nobody uses.',
    });
    report({
      check: `${side} WAL senders`,
      ok: slot?.active === 'true' || facts.senders.used < facts.senders.limit,
      expected: 'one free',
      actual: `${facts.senders.used} of ${facts.senders.limit} used`,
      remedy: 'Raise max_wal_senders.',
    });
    const row = await kit.row(definition);
    const streaming = directionFrom(row.owner) === direction && streamsAt(row.stage);
    if (streaming) {
      const watermark = await (await kit.control()).watermarks.get(definition.context, direction);
      if (watermark && watermark.state !== 'copying') {
        report({
          check: `${side} slot ${names.slot}`,
          ok: slot !== undefined && slot.wal_status !== 'lost',
          expected: 'present, not lost',
          actual: slot
            ? `${slot.wal_status}, ${Math.round(Number(slot.retained ?? 0) / 1_048_576)} MB of WAL retained`
            : 'missing',
          remedy: `Changes may be missing: strangler replicate ${definition.context} --restart`,
        });
      }
      const { rows: published } = await client.query<{ name: string }>(
        `SELECT schemaname || '.' || tablename AS name FROM pg_publication_tables WHERE pubname = $1
          AND schemaname <> 'strangler' ORDER BY 1`,
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
        report({
          check: `${side} publication ${names.publication}`,
          ok: actual === expected,
          expected,
          actual: actual || 'missing or empty',
          remedy: `Start the worker again: strangler replicate ${definition.context}`,
        });
    } else if (slot && slot.active === 'false') {
      report({
        check: `${side} slot ${names.slot}`,
        ok: false,
        expected: 'none at this stage',
        actual: `left over, ${Math.round(Number(slot.retained ?? 0) / 1_048_576)} MB of WAL retained`,
        remedy: `SELECT pg_drop_replication_slot('${names.slot}')`,
      });
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
    report({
      check: `${side} fence`,
      ok,
      expected: expected[side].join(' or '),
      actual: `${fence.mode}${fence.open.length > 0 && fence.mode !== 'none' ? ` (open: ${fence.open.join(', ')})` : ''}`,
      remedy:
        `The ${row.owner} owns ${definition.context}. If no move is running, run strangler ` +
        `${row.owner === 'monolith' ? 'replicate' : 'rollback'} ${definition.context} again: it ` +
        `brings fences and owner together.`,
    });
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
  report({
    check: 'route flags',
    ok: steering || on.length === 0,
    expected: steering ? 'any' : `off at stage ${row.stage}`,
    actual: on.length === 0 ? 'off' : on.map((flag) => `${flag.name} ${flag.percent} %`).join(', '),
    remedy: `strangler route ${definition.context} --all --off`,
  });
  const shadowing = mirrorsAt(row.stage);
  const mirrored = (await flags.readAll(shadowFlags(definition), definition.context)).filter(
    (flag) => flag.percent > 0,
  );
  report({
    check: 'shadow flags',
    ok: shadowing || mirrored.length === 0,
    expected: shadowing ? 'any' : `off at stage ${row.stage}`,
    actual: mirrored.length === 0 ? 'off' : mirrored.map((flag) => flag.name).join(', '),
    remedy: `strangler shadow ${definition.context} --sample 0`,
  });
}

async function checkContext(
  kit: Toolkit,
  definition: MigrationDefinition,
  checks: Check[],
): Promise<void> {
  const { context } = definition;
  const report: Report = (finding) => checks.push(checked(context, finding));
  const control = await kit.control();
  const row = await kit.row(definition);
  report({
    check: 'data kind',
    ok: row.dataKind === definition.data || row.stage === 'monolith',
    expected: definition.data,
    actual: row.dataKind,
    remedy: `The context began as '${row.dataKind}': set data in the file back, or roll back to stage monolith first.`,
  });
  const lease = await control.leases.get(context);
  const moves = await unfinishedMoves(control, context);
  report({
    check: 'lease',
    ok: !lease || lease.expiresInSeconds > 0 || moves.length === 0,
    expected: 'none left over',
    actual: lease
      ? `${lease.move} by ${lease.holder}, ${lease.expiresInSeconds > 0 ? 'at work' : 'run out'}`
      : 'none',
    remedy: 'Run the command again, or start the worker: it finishes or undoes the move.',
  });
  report({
    check: 'unfinished moves',
    ok: moves.length === 0 || (lease?.expiresInSeconds ?? 0) > 0,
    expected: 'none',
    actual:
      moves.length === 0 ? 'none' : moves.map((move) => `${move.kind} ${move.moveId}`).join(', '),
    remedy: `Run strangler ${moves[0]?.kind ?? 'cutover'} ${context} again: it finishes or undoes the move first.`,
  });
  report({
    check: 'hold',
    ok: !row.held || (lease?.expiresInSeconds ?? 0) > 0,
    expected: 'none outside a move',
    actual: row.held ? `writes held until ${row.holdUntil}` : 'none',
    remedy: 'It runs out by itself.',
  });
  if (definition.data === 'replicated') {
    const monolithUp = await reportAttempt(report, 'monolith database', 'reachable', () =>
      kit.withDatabase(definition, 'monolith', async () => {}),
    );
    const serviceUp = await reportAttempt(report, 'service database', 'reachable', () =>
      kit.withDatabase(definition, 'service', async () => {}),
    );
    if (monolithUp) {
      await reportAttempt(report, 'monolith server', 'can be examined', () =>
        checkServer(kit, definition, 'monolith', report),
      );
      await reportAttempt(report, 'replica identity', 'usable on every table', () =>
        kit.withDatabase(definition, 'monolith', (client) =>
          checkReplicaIdentity(client, definition),
        ),
      );
    }
    if (serviceUp)
      await reportAttempt(report, 'service server', 'can be examined', () =>
        checkServer(kit, definition, 'service', report),
      );
    if (monolithUp && serviceUp) {
      await reportAttempt(report, 'mapping', 'compiles', () =>
        kit.withDatabase(definition, 'monolith', (monolith) =>
          kit.withDatabase(definition, 'service', (service) =>
            loadMapping(definition, monolith, service),
          ),
        ),
      );
      await reportAttempt(report, 'fences', 'can be examined', () =>
        checkFences(kit, definition, report),
      );
    }
    const streaming = streamsAt(row.stage);
    // In the middle of a move both directions may be there.
    const moving = moves.length > 0 || (lease?.expiresInSeconds ?? 0) > 0;
    await reportAttempt(report, 'transport', 'configured', async () => {
      const transport = kit.transport(definition);
      if (!monolithUp || !serviceUp || moving) return;
      const direction = directionFrom(row.owner);
      const watermark = await control.watermarks.get(context, direction);
      const begun = watermark !== undefined && watermark.state !== 'copying';
      await transport.check(
        {
          forward: streamEnds(kit, definition, 'forward'),
          reverse: streamEnds(kit, definition, 'reverse'),
        },
        { streaming: streaming ? { direction, begun } : null, report },
      );
    });
    if (streamsAt(row.stage)) {
      const watermark = await control.watermarks.get(context, directionFrom(row.owner));
      const { code, message, remedy } = watermark?.state === 'failed' ? watermark.detail : {};
      report({
        check: 'worker',
        ok: watermark?.workerAlive === true && watermark.state !== 'failed',
        expected: 'alive',
        actual: watermark
          ? `${watermark.state}, heartbeat ${watermark.heartbeatAgeSeconds.toFixed(1)} s ago` +
            (typeof code === 'string' ? `: ${code}: ${String(message)}` : '')
          : 'never seen',
        remedy: typeof remedy === 'string' ? remedy : `strangler replicate ${context}`,
      });
    }
  }
  if (kit.hasFlagWriter)
    await reportAttempt(report, 'flags', 'fit the stage', () =>
      checkFlags(kit, definition, report),
    );
}

/** Compares what the control database says with what is there, and says how to mend. */
export async function doctor(
  kit: Toolkit,
  context?: string,
): Promise<{ ok: boolean; checks: Check[] }> {
  const checks: Check[] = [];
  const report: Report = (finding) => checks.push(checked(null, finding));
  const definitions =
    context === undefined
      ? [...(await kit.contexts()).values()].map((loaded) => loaded.definition)
      : [await kit.definition(context)];
  if (
    !(await reportAttempt(report, 'control database', 'reachable, schema of this release', () =>
      kit.control(),
    ))
  )
    return { ok: false, checks };
  if (kit.hasFlagWriter)
    await reportAttempt(
      report,
      kit.flagWriter().provider,
      'reachable, the token may change flags',
      () => kit.flagWriter().ping(),
    );
  const instances = await (await kit.control()).instances.list();
  const gone = instances.filter((instance) => !instance.alive);
  const goneFor = (instance: (typeof gone)[number]): string =>
    `${instance.name} (${Math.round(instance.heartbeatAgeSeconds)} s)`;
  report({
    check: 'facade instances',
    ok: gone.every((instance) => instance.heartbeatAgeSeconds > 3600),
    expected: `heartbeats within ${INSTANCE_GONE_SECONDS} s`,
    actual:
      `${instances.length - gone.length} alive` +
      (gone.length > 0 ? `, gone: ${gone.map(goneFor).join(', ')}` : ''),
    remedy: 'Start it again, or wait: an instance that is gone is forgotten after an hour.',
  });
  for (const definition of definitions)
    await reportAttempt(report, `context ${definition.context}`, 'can be examined', () =>
      checkContext(kit, definition, checks),
    );
  return { ok: checks.every((check) => check.ok), checks };
}
