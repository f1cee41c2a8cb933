import {
  bothSides,
  type ContractSettings,
  directionFrom,
  type EarlierVerification,
  type GateFacts,
  gateSettings,
  type MigrationDefinition,
  type PactsFact,
  type RowCondition,
  type TargetTable,
  type Side,
  type VerificationFact,
} from '@strangler-toolkit/plan';
import type { ContextRow, Control, Evidence } from '../control/index.ts';
import {
  displayTable,
  parseTableName,
  quoteTable,
  type TableName,
} from '../database/identifiers.ts';
import { tableName } from '../mapping/compiled-mapping.ts';
import { conditionSql } from '../mapping/row-condition.ts';
import { sharedTables } from '../mapping/shared-tables.ts';
import { readRoutes } from '../flags/index.ts';
import { voidSince } from '../identity/void-since.ts';
import { askBuilds, otherBuild } from './builds.ts';
import { brokerIsSet } from './contracts/broker/load-broker.ts';
import { changedAtBroker } from './contracts/broker/still-about.ts';
import { pactConfiguration, pactContent } from './pact-content.ts';
import { presentIdentity } from './present-identity.ts';
import { presentShadowBasis, shadowVoidSince } from './shadow-basis.ts';
import type { Toolkit } from './toolkit.ts';

const reasonOf = (error: unknown): string =>
  `what it was about cannot be looked at: ${error instanceof Error ? error.message : String(error)}`;

const differencesIn = ({ ok, detail }: Evidence): number =>
  ok
    ? 0
    : Math.max(
        1,
        Number(detail.differences ?? 1) +
          Number(detail.orphans ?? 0) +
          Number(detail.underived ?? 0),
      );

/** The last one before this epoch, where this epoch has none. */
export async function earlierVerification(
  control: Control,
  row: ContextRow,
): Promise<EarlierVerification | undefined> {
  const last = await control.evidence.latest(row.context, 'verification');
  if (!last || last.epoch === row.epoch) return undefined;
  const { epoch, ageSeconds } = last;
  return { since: row.epoch, epoch, ageSeconds, differences: differencesIn(last) };
}

/** The newest verification of this epoch, and whether it still is about what is there. */
export async function verificationFact(
  kit: Toolkit,
  definition: MigrationDefinition,
  row: ContextRow,
): Promise<VerificationFact | undefined> {
  const control = await kit.control();
  const evidence = await control.evidence.latest(row.context, 'verification', row.epoch);
  if (!evidence) return undefined;
  const { identity, tables } = evidence.detail;
  return {
    differences: differencesIn(evidence),
    ageSeconds: evidence.ageSeconds,
    voidSince: await presentIdentity(kit, definition, directionFrom(row.owner)).then(
      (now) => voidSince(identity, now),
      reasonOf,
    ),
    notCompared:
      identity === undefined
        ? undefined
        : await notCompared(kit, definition, tables).catch(reasonOf),
  };
}

/** A comparison of nothing finds no difference. `compared`: rows of each of the monolith's tables. */
async function notCompared(
  kit: Toolkit,
  definition: MigrationDefinition,
  compared: unknown,
): Promise<string | undefined> {
  const rows = new Map(
    typeof compared === 'object' && compared !== null ? Object.entries(compared) : [],
  );
  const shared = sharedTables(definition);
  const kindOf = ({ table, constants = {} }: TargetTable): RowCondition =>
    Object.fromEntries(
      (shared.get(tableName(parseTableName(table))) ?? []).map((name) => [
        name,
        constants[name] ?? null,
      ]),
    );
  const without = async (
    side: Side,
    table: TableName,
    where: RowCondition = {},
  ): Promise<boolean> =>
    kit.withDatabase(definition, side, async (client) => {
      const meant = conditionSql(where) || 'true';
      const found = await client.query(`SELECT FROM ${quoteTable(table)} WHERE ${meant} LIMIT 1`);
      return found.rowCount === 0;
    });
  for (const { monolith, service, where } of definition.tables ?? []) {
    const name = displayTable(parseTableName(monolith));
    if (!rows.has(name)) return `it left out ${name}`;
    if (Number(rows.get(name)) > 0) continue;
    const empty =
      (await without('monolith', parseTableName(monolith), where)) &&
      (await without('service', parseTableName(service[0].table), kindOf(service[0])));
    if (!empty) return `it compared no row of ${name}, which has some`;
  }
  return undefined;
}

/**
 * The newest verification of pacts, whatever the epoch, and whether it is about what runs now. Where pacts are not asked for,
 * neither sides nor broker are asked about them.
 */
export async function pactsFact(
  kit: Toolkit,
  definition: MigrationDefinition,
  noBroker = false,
): Promise<PactsFact | undefined> {
  if (!gateSettings(definition).pacts) return undefined;
  const newest = await (await kit.control()).evidence.latest(definition.context, 'pacts');
  if (newest === undefined) return undefined;
  const { detail } = newest;
  const { contracts } = definition;
  const sides: unknown = detail.sides;
  return {
    monolith: detail.monolith === true,
    service: detail.service === true,
    voidSince:
      (contracts && (await changedPacts(kit, contracts, detail, noBroker))) ??
      changedConfiguration(definition, detail.configuration) ??
      (await askBuilds(kit, definition).then((now) => otherBuild(detail.builds, now), reasonOf)),
    notVerified: bothSides.flatMap((side) => notVerifiedOf(sides, side)),
  };
}

async function changedPacts(
  kit: Toolkit,
  contracts: ContractSettings,
  { content, atBroker }: Evidence['detail'],
  noBroker: boolean,
): Promise<string | undefined> {
  if (atBroker !== undefined) return noBroker ? undefined : changedAtBroker(kit, atBroker);
  if (brokerIsSet(kit))
    return `it was about the pacts in ${contracts.pacts}, and a Pact Broker is set (PACT_BROKER_BASE_URL), whose pacts count`;
  const now = await pactContent(contracts);
  if (now === null) return `the pacts in ${contracts.pacts} cannot be read`;
  if (typeof content !== 'string')
    return 'it does not say which pacts it was about (a release before this one recorded it)';
  return now === content ? undefined : `the pacts in ${contracts.pacts} are not those it was about`;
}

/** A release before this one recorded none; its pacts and builds are looked at all the same. */
const changedConfiguration = (
  definition: MigrationDefinition,
  configuration: unknown,
): string | undefined =>
  typeof configuration === 'string' && configuration !== pactConfiguration(definition)
    ? 'the routes of the context, or how its contracts are verified, changed'
    : undefined;

const notVerifiedOf = (sides: unknown, side: Side): string[] => {
  const summary: unknown =
    typeof sides === 'object' && sides !== null ? Reflect.get(sides, side) : undefined;
  const list: unknown =
    typeof summary === 'object' && summary !== null
      ? Reflect.get(summary, 'notVerified')
      : undefined;
  return Array.isArray(list) ? list.map((reason) => `${side}: ${String(reason)}`) : [];
};

/** What was compared and verified of the traffic of this epoch, and whether it is about what runs now. */
export async function trafficFacts(
  kit: Toolkit,
  definition: MigrationDefinition,
  row: ContextRow,
  noBroker = false,
): Promise<Pick<GateFacts, 'pacts' | 'shadow' | 'shadowVoidSince'>> {
  const { evidence, shadow } = await kit.control();
  const counts = await shadow.counts(definition.context, row.epoch);
  const basis = await evidence.latest(definition.context, 'shadow', row.epoch);
  const pacts = await pactsFact(kit, definition, noBroker);
  const now = await presentShadowBasis(kit, definition, row).catch(reasonOf);
  return {
    shadow: readRoutes(definition).map(({ name }) => {
      const found = counts.find((candidate) => candidate.route === name);
      if (!found) return { route: name, compared: 0, mismatches: 0 };
      const failed = {
        errors: found.counts['candidate-error'],
        timeouts: found.counts['candidate-timeout'],
      };
      return { route: name, compared: found.compared, mismatches: found.real, failed };
    }),
    // Without a count there is nothing that could be void.
    ...(counts.length > 0 && {
      shadowVoidSince: typeof now === 'string' ? now : shadowVoidSince(basis?.detail.basis, now),
    }),
    ...(pacts && { pacts }),
  };
}
