import {
  isStranglerError,
  type MigrationDefinition,
  refuseLostContext,
  refuseOtherIdentity,
} from '@strangler-toolkit/plan';
import { inTime } from '@strangler-toolkit/plan/load';
import type { FacadeOptions } from '../config/options.ts';
import { type PlanProblem, type Plans, plansOf } from '../serving/running-plan.ts';
import type { Parts } from './assemble.ts';
import { dataKinds, hostsOf, monolithsOf, saidOf, watchedOf } from './plan-parts.ts';

const isSame = (one: Plans, other: Plans): boolean =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(([context, plan]) => other[context] === plan);

function refuseLost({ serving }: Parts, wanted: Plans): void {
  const { plan, ownership } = serving;
  for (const context of Object.keys(plan.plans))
    if (!(context in wanted)) refuseLostContext(context, ownership.states.get(context));
}

function refuseOtherIdentities(
  { serving }: Parts,
  definitions: readonly MigrationDefinition[],
): void {
  const { plan, ownership } = serving;
  for (const definition of definitions) {
    const before = plan.definitions.find(({ context }) => context === definition.context);
    if (before !== undefined)
      refuseOtherIdentity(before, definition, ownership.states.get(definition.context));
  }
}

const told = (error: unknown): PlanProblem =>
  isStranglerError(error)
    ? { code: error.code, message: error.message, remedy: error.remedy }
    : { code: 'INTERNAL', message: String(error), remedy: '' };

/**
 * Serves new requests by other context files; those under way end by the ones that they began with. Owners of new contexts are
 * asked for before the first request of theirs is served. @throws StranglerError of the files; then nothing has changed
 */
export async function reload(
  parts: Parts,
  { monolithUrl, lenientMonolith }: FacadeOptions,
  load: () => Promise<Iterable<MigrationDefinition>>,
): Promise<void> {
  const { serving, agents, forwarder, claimsFor } = parts;
  const { plan, ownership, upstreams, names, watch, log } = serving;
  try {
    const definitions = [...(await inTime(load()))];
    const wanted = plansOf(definitions);
    const changed = !isSame(plan.plans, wanted);
    if (changed) {
      refuseLost(parts, wanted);
      refuseOtherIdentities(parts, definitions);
      const claims = claimsFor(definitions, plan.claims);
      if (lenientMonolith === true) agents.mend([monolithUrl, ...monolithsOf(claims)]);
      await ownership.declare(dataKinds(definitions));
      watch.watch(watchedOf(claims));
      names.want(hostsOf(claims, monolithUrl));
      upstreams.use(saidOf(claims));
      forwarder.keep(upstreams.endpoints);
      plan.use(definitions, claims);
    }
    if (changed || plan.problem) log.info({ plans: plan.plans }, 'context files are read again');
    plan.problem = null;
  } catch (error) {
    plan.problem = told(error);
    log.error(plan.problem, 'context files are not taken: requests are served by those before');
    throw error;
  }
}
