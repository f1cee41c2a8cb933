import {
  bothSides,
  type MigrationDefinition,
  StranglerError,
  storedKind,
} from '@strangler-toolkit/plan';
import { askBuilds } from '../builds.ts';
import { pactConfiguration, pactContent } from '../pact-content.ts';
import type { Toolkit } from '../toolkit.ts';
import { byPact } from './broker/outcome.ts';
import type { AtBroker } from './broker/pact-source.ts';
import { type BrokerBasis, pactHash } from './broker/still-about.ts';
import { isExcused, isFault, isOpen } from './required.ts';
import type { InteractionResult, SideResult } from './verifier.ts';

type Results = Readonly<Record<string, SideResult>>;

/** What is recorded once the results are there; false: nothing was required, so there is no evidence. */
export async function evidenceOf(
  kit: Toolkit,
  definition: MigrationDefinition,
  sides: Readonly<Record<string, { readonly url: string }>>,
  atBroker: AtBroker | undefined,
): Promise<(results: Results) => Promise<boolean>> {
  const { context, contracts, data } = definition;
  if (contracts === undefined)
    throw new StranglerError('PACTS_NOT_FOUND', `context ${context} names no pacts`);
  const control = await kit.control();
  await control.contexts.register(context, storedKind(data));
  const { epoch } = await control.contexts.require(context);
  // Before they are verified: what changes meanwhile makes the evidence void.
  const builds = await askBuilds(kit, definition, {
    ...(sides.monolith && { monolith: sides.monolith.url }),
    ...(sides.service && { service: sides.service.url }),
  });
  const configuration = pactConfiguration(definition);
  const content = atBroker ? undefined : await pactContent(contracts);
  return async (results) => {
    const required = Object.values(results)
      .flatMap(({ interactions }) => interactions)
      .filter((interaction) => !isExcused(interaction));
    if (atBroker && required.length === 0) {
      kit.tell('evidence', 'no pact is required yet, so there is nothing that gates could count');
      return false;
    }
    const kept = (side: string): boolean => results[side]?.ok === true;
    await control.evidence.record({
      context,
      kind: 'pacts',
      epoch,
      ok: Object.values(results).every(({ ok }) => ok),
      detail: {
        monolith: kept('monolith'),
        service: kept('service'),
        ...(atBroker ? { atBroker: basisOf(atBroker, results) } : { content }),
        builds,
        configuration,
        sides: Object.fromEntries(
          Object.entries(results).map(([side, result]) => [side, summary(result)]),
        ),
      },
    });
    return true;
  };
}

/** A pact is covered by those sides that were asked for it; what a broker calls pending counts once it is required. */
function basisOf({ queries, pacts }: AtBroker, results: Results): BrokerBasis {
  const outcomes = bothSides.map((side) => byPact(results[side]?.interactions ?? []));
  const kept = [...pacts].filter(([file]) => {
    const said = outcomes.map((each) => each.get(file)).filter((one) => one !== undefined);
    return said.length > 0 && said.every((one) => one === 'kept');
  });
  return { queries, kept: kept.map(([, { content }]) => pactHash(content)) };
}

const summary = ({ ok, interactions }: SideResult) => {
  const told = (those: readonly InteractionResult[]): string[] =>
    those.map(({ description, verdict }) => `${description} (${verdict})`);
  return {
    ok,
    interactions: interactions.length,
    failed: told(interactions.filter(isFault)),
    notVerified: told(interactions.filter(isOpen)),
  };
};
