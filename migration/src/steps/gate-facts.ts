import {
  type GateFacts,
  isWithin,
  type MigrationDefinition,
  type Move,
  replicates,
  writeRoutesOf,
} from '@strangler-toolkit/plan';
import type { ContextRow, Control } from '../control/index.ts';
import { strayWriters } from '../cutover/index.ts';
import { readRefusals } from '../replica/refusals.ts';
import { loadMapping } from '../mapping/load.ts';
import { checkReplicaIdentity, checkReplicationCapacity } from './database-checks.ts';
import { askDeadLetters, decisionsFact, finding, streamFacts } from './data-facts.ts';
import {
  earlierVerification,
  pactsFact,
  trafficFacts,
  verificationFact,
} from './evidence-facts.ts';
import { brokerFact } from './contracts/broker/broker-fact.ts';
import { aliveWithOtherPlan } from './other-plans.ts';
import type { Toolkit } from './toolkit.ts';
import { carriersOf, readersOf, referenceFacts } from './references.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

async function replicateFacts(
  kit: Toolkit,
  definition: MigrationDefinition,
  facts: Mutable<GateFacts>,
): Promise<void> {
  facts.databases = await finding(() =>
    kit.withDatabase(definition, 'monolith', () =>
      kit.withDatabase(definition, 'service', async () => {}),
    ),
  );
  if (facts.databases !== true) return;
  await kit.withDatabase(definition, 'monolith', (monolith) =>
    kit.withDatabase(definition, 'service', async (service) => {
      facts.replicaIdentity = await finding(() => checkReplicaIdentity(monolith, definition));
      facts.mapping = await finding(() => loadMapping(definition, monolith, service));
      facts.publicationAndSlot = await finding(() =>
        checkReplicationCapacity(monolith, 'monolith'),
      );
    }),
  );
}

async function facadeFacts(
  control: Control,
  row: ContextRow,
  notNeeded: boolean,
): Promise<GateFacts['facades']> {
  const instances = await control.instances.forContext(row.context);
  const alive = instances.filter((instance) => instance.alive);
  return {
    alive: alive.length,
    stale: instances.filter((instance) => !instance.alive).map((instance) => instance.name),
    behind: alive
      .filter((instance) => instance.epoch !== row.epoch)
      .map((instance) => instance.name),
    ...(notNeeded && { notNeeded }),
  };
}

async function retireFacts(
  kit: Toolkit,
  definition: MigrationDefinition,
  row: ContextRow,
  facts: Mutable<GateFacts>,
): Promise<void> {
  const control = await kit.control();
  facts.ownedDays = row.ownedForSeconds / 86_400;
  const seconds = Math.min(86_400, row.ownedForSeconds);
  facts.readsOnMonolith = (await control.routeStats.perRoute(row.context, seconds))
    .filter((stats) => stats.side === 'monolith')
    .reduce((sum, stats) => sum + stats.requests, 0);
  if (definition.data !== 'replicated') return;
  facts.strayWrites = await kit
    .withDatabase(definition, 'monolith', async (client) => {
      const { refused } = await readRefusals(client, row.context);
      // What was logged while the monolith owned is no stray of the service's.
      const strays = (await strayWriters(client, row.context)).filter(
        ({ epoch }) => epoch === row.epoch,
      );
      return Number(refused) + strays.reduce((sum, { writes }) => sum + Number(writes), 0);
    })
    .catch(() => undefined);
}

export interface LookOptions {
  readonly noFacade?: boolean;
  /** true: a Pact Broker that is set is not asked, and evidence of its pacts counts as it was recorded; 'apart': whoever looks asks it. */
  readonly noBroker?: boolean | 'apart';
}

/** Finds out what the gates of a move ask, and nothing else. */
export const gatherFacts = (
  kit: Toolkit,
  definition: MigrationDefinition,
  move: Move,
  options: LookOptions = {},
): Promise<GateFacts> => kit.keepingConnections(() => lookForFacts(kit, definition, move, options));

async function lookForFacts(
  kit: Toolkit,
  definition: MigrationDefinition,
  move: Move,
  options: LookOptions,
): Promise<GateFacts> {
  const control = await kit.control();
  const row = await kit.row(definition);
  const facts: Mutable<GateFacts> = {
    context: definition.context,
    data: definition.data,
    stage: row.stage,
    reads: definition.reads ?? [],
  };
  if (definition.data === 'reference' && move === 'rollback')
    facts.readers = await readersOf(kit, definition, { gated: true });
  if (definition.data === 'replicated' && move === 'retire')
    facts.readers = await carriersOf(kit, definition);
  if (facts.reads?.length) facts.references = await referenceFacts(kit, definition, move);
  const replicated = replicates(definition.data);
  if (move === 'replicate' && replicated) await replicateFacts(kit, definition, facts);
  if (
    replicated &&
    (move === 'shadow' || move === 'cutover' || (move === 'rollback' && row.stage === 'service'))
  ) {
    Object.assign(facts, await streamFacts(control, row));
    facts.verification = await verificationFact(kit, definition, row);
    if (!facts.verification) facts.earlierVerification = await earlierVerification(control, row);
    if (move !== 'shadow') {
      facts.openDeadLetters = (await askDeadLetters(kit, definition, row)).open;
      facts.facades = await facadeFacts(control, row, options.noFacade === true);
    }
    if (move === 'cutover') {
      const found = await pactsFact(kit, definition, options.noBroker === true);
      if (found) facts.pacts = found;
      facts.decisions = await decisionsFact(kit, definition);
      facts.writeRoutes = writeRoutesOf(definition);
      facts.wayBack = await finding(() =>
        kit.withDatabase(definition, 'service', (client) =>
          checkReplicationCapacity(client, 'service'),
        ),
      );
    }
  }
  if (isWithin(move, row.stage)) {
    const found = await pactsFact(kit, definition, options.noBroker === true);
    if (found) facts.pacts = found;
  } else if (move === 'canary' || (move === 'cutover' && !replicated))
    Object.assign(facts, await trafficFacts(kit, definition, row, options.noBroker === true));
  if ((move === 'canary' || move === 'cutover') && options.noBroker !== 'apart')
    facts.broker = await brokerFact(kit, definition, move, options.noBroker === true);
  if (move === 'canary' || move === 'cutover' || move === 'retire')
    facts.otherPlan = options.noFacade ? [] : await aliveWithOtherPlan(control, definition);
  if (move === 'retire') await retireFacts(kit, definition, row, facts);
  return facts;
}
