import { directionFrom, isOneWay, type Side } from '@strangler-toolkit/plan';
import { knows, majorOf, newestMajor, oldestMajor } from '../../database/supported-versions.ts';
import { replicationNames } from '../../stream/source/replication-names.ts';
import type { Report } from '../../findings/check.ts';
import { type ServerFacts, serverFacts } from '../database-checks.ts';
import type { ContextCheck } from './context-check.ts';
import { checkSlotAndPublication, readSlot, reportRoom } from './slot.ts';

function reportSettings(side: Side, facts: ServerFacts, report: Report): void {
  report({
    kind: 'wal level',
    check: `${side} wal_level`,
    ok: facts.walLevel === 'logical',
    expected: 'logical',
    actual: facts.walLevel,
    remedy: `Set wal_level = logical on the ${side}'s server and restart it.`,
  });
  report({
    check: `${side} version`,
    // An older one was refused before anything could be asked.
    ok: true,
    expected: `${oldestMajor} or newer`,
    actual: `${majorOf(facts.version)}${majorOf(facts.version) > newestMajor ? `, tested up to ${newestMajor}` : ''}`,
  });
}

function reportRights(
  { side, streams }: { readonly side: Side; readonly streams: boolean },
  facts: ServerFacts,
  report: Report,
): void {
  if (streams)
    report({
      kind: 'replication right',
      check: `${side} replication right`,
      ok: facts.replication,
      expected: `${facts.user} may replicate`,
      actual: facts.replication ? `${facts.user} may replicate` : `${facts.user} may not`,
      remedy: `ALTER ROLE ${facts.user} REPLICATION`,
    });
  report({
    kind: 'replica role',
    check: `${side} session_replication_role`,
    ok: facts.canSetReplicationRole,
    expected: `${facts.user} may set it`,
    actual: facts.canSetReplicationRole ? `${facts.user} may set it` : `${facts.user} may not`,
    remedy: knows(facts.version, 'parameterPrivileges')
      ? `GRANT SET ON PARAMETER session_replication_role TO ${facts.user}`
      : `Before PostgreSQL 15 only a superuser (or a role of your provider's) may set it: use one in the URL, or upgrade.`,
  });
  const missing = facts.originFunctions.join(', ');
  report({
    kind: 'replication origins',
    check: `${side} replication origins`,
    ok: missing === '',
    expected: `${facts.user} may use them`,
    actual: missing === '' ? `${facts.user} may use them` : `${facts.user} may not call ${missing}`,
    remedy: `GRANT EXECUTE ON FUNCTION ${missing} TO ${facts.user}`,
  });
  report({
    kind: 'create right',
    check: `${side} create right`,
    ok: facts.canCreate,
    expected: `${facts.user} may create in ${facts.database}`,
    actual: facts.canCreate
      ? `${facts.user} may create in ${facts.database}`
      : `${facts.user} may not`,
    remedy: `GRANT CREATE ON DATABASE ${facts.database} TO ${facts.user}`,
  });
}

/** Whether a side's server can be streamed from, and what its stream has there. */
export const server = (side: Side): ContextCheck => ({
  needs: [`${side} database`],
  attempt: { check: `${side} server`, expected: 'can be examined' },
  run: (patient) =>
    patient.kit.withDatabase(patient.definition, side, async (client) => {
      const facts = await serverFacts(client);
      const names = replicationNames(
        patient.definition.context,
        directionFrom(side),
        facts.database,
      );
      // nothing ever streams away from where a reference or a projection is kept
      const streams = side === 'monolith' || !isOneWay(patient.definition.data);
      if (streams) reportSettings(side, facts, patient.report);
      reportRights({ side, streams }, facts, patient.report);
      if (!streams) return;
      const slot = await readSlot(client, names.slot);
      reportRoom({ side, facts, slot, report: patient.report });
      if (patient.has('undisputed owner'))
        await checkSlotAndPublication(patient, { side, client, names, slot });
    }),
});
