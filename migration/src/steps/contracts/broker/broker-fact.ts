import {
  type BrokerFact,
  gateSettings,
  isStranglerError,
  type MigrationDefinition,
} from '@strangler-toolkit/plan';
import type { Toolkit } from '../../toolkit.ts';
import { askBroker } from './can-i-deploy.ts';
import { brokerIsSet } from './load-broker.ts';

/** Of the moves that are asked for. */
const askedAs = { canary: 'ramp', cutover: 'cutover' } as const;

/**
 * What a gate needs to know of a Pact Broker. Undefined: none is set, or the context asks for no pacts. It is asked before anything
 * is held; one that does not answer costs seconds, and is no yes.
 */
export async function brokerFact(
  kit: Toolkit,
  definition: MigrationDefinition,
  move: keyof typeof askedAs,
  notAsked: boolean,
): Promise<BrokerFact | undefined> {
  const { contracts } = definition;
  if (contracts === undefined || !gateSettings(definition).pacts || !brokerIsSet(kit))
    return undefined;
  if (notAsked) return { about: contracts.provider, deployable: null, reason: '', notAsked };
  try {
    const answer = await askBroker(kit, definition, askedAs[move], { timeoutMs: 5_000 });
    if (answer === undefined) return undefined;
    const { pacticipant, version = 'of an unknown version', environment, ...said } = answer;
    return {
      about: `${pacticipant} ${version} in ${environment}`,
      deployable: said.deployable,
      reason: said.reason,
    };
  } catch (error) {
    const known = isStranglerError(error);
    return {
      about: contracts.provider,
      deployable: null,
      reason: '',
      problem: known ? `${error.code}: ${error.message}` : String(error),
      ...(known && error.remedy !== undefined && { remedy: error.remedy }),
    };
  }
}
