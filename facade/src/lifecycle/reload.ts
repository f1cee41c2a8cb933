import { isDeepStrictEqual } from 'node:util';
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

/** Pins stand under the identities of the old file: whoever wrote a moment ago would read where it has not arrived. */
function refuseOtherIdentity(
  { serving }: Parts,
  definitions: readonly MigrationDefinition[],
): void {
  const { plan, ownership } = serving;
  for (const { context, identity = [] } of definitions) {
    const before = plan.definitions.find((one) => one.context === context);
    const { known, stage, dataKind } = ownership.states.get(context);
    if (before === undefined || isDeepStrictEqual(before.identity ?? [], identity)) continue;
    if (dataKind !== 'replicated' || !known || stage === 'monolith') continue;
    throw new StranglerError(
      'CONFIG_INVALID',
      `context ${context} is at stage ${stage}, and its file says another identity: who wrote under the one before is pinned by it`,
      { remedy: 'Put it back, or start the facades anew while nobody writes.' },
    );
  }
}

/** Longest that files may take to be read, milliseconds: one that never ends must not keep back those that follow. */
const patienceMs = 30_000;

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new StranglerError(
            'CONFIG_INVALID',
            `the context files are not read after ${patienceMs / 1_000} s`,
          ),
        ),
      patienceMs,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
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
    const definitions = [...(await inTime(load()))];
    const wanted = plansOf(definitions);
    const changed = !isSame(plan.plans, wanted);
    if (changed) {
      refuseLost(parts, wanted);
      refuseOtherIdentity(parts, definitions);
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
