import {
  isStranglerError,
  type MigrationDefinition,
  StranglerError,
} from '@strangler-toolkit/plan';
import type { FacadeOptions } from '../config/options.ts';
import { type PlanProblem, type Plans, plansOf } from '../serving/running-plan.ts';
import type { Parts } from './assemble.ts';
import { dataKinds, monolithsOf, watchedOf } from './plan-parts.ts';

const isSame = (one: Plans, other: Plans): boolean =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(([context, plan]) => other[context] === plan);

/** A folder is empty for a moment while somebody copies into it: what a service may own is not given to the monolith for that. */
function refuseLost({ serving }: Parts, wanted: Plans): void {
  const { plan, ownership } = serving;
  for (const context of Object.keys(plan.plans)) {
    const { known, stage } = ownership.states.get(context);
    if (context in wanted || !known || stage === 'monolith') continue;
    throw new StranglerError(
      'CONFIG_INVALID',
      `context ${context} is at stage ${stage}, and no context file has it any more`,
      { remedy: 'Put its file back, or start the facade anew if it is meant.' },
    );
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
  const { serving, agents, claimsFor } = parts;
  const { plan, ownership, watch, log } = serving;
  try {
    const definitions = [...(await load())];
    const wanted = plansOf(definitions);
    const changed = !isSame(plan.plans, wanted);
    if (changed) {
      refuseLost(parts, wanted);
      const claims = claimsFor(definitions, plan.claims);
      if (lenientMonolith === true) agents.mend([monolithUrl, ...monolithsOf(claims)]);
      await ownership.declare(dataKinds(definitions));
      watch.watch(watchedOf(claims));
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
