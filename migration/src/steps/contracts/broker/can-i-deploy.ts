import { type MigrationDefinition, requireVariable, type Side } from '@strangler-toolkit/plan';
import { askBuild } from '../../builds.ts';
import type { Toolkit } from '../../toolkit.ts';
import { type Asking, brokerIsSet, openBroker } from './load-broker.ts';
import { requireSoleProvider } from './sole-provider.ts';
import { providerVersion } from './version.ts';

/** What a Pact Broker says of the version that would serve after a move. Only `true` is a yes. */
export interface BrokerAnswer {
  readonly pacticipant: string;
  readonly environment: string;
  readonly version?: string;
  readonly deployable: boolean | null;
  readonly reason: string;
}

/** Who serves more after a move than before it; the others change no deployment. */
const comes: Readonly<Record<string, Side>> = {
  ramp: 'service',
  cutover: 'service',
  rollback: 'monolith',
};

/**
 * Asks the broker whether the side that a move brings into an environment may be there. Undefined: no broker is set, the context
 * has no contracts, or the move changes no deployment.
 *
 * @throws StranglerError CONFIG_ENV_MISSING, CONFIG_INVALID, BROKER_UNREACHABLE and the other codes of a broker: never a yes
 */
export async function askBroker(
  kit: Toolkit,
  definition: MigrationDefinition,
  move: string,
  { given, timeoutMs }: { readonly given?: string; readonly timeoutMs?: number } = {},
): Promise<BrokerAnswer | undefined> {
  const side = comes[move];
  if (side === undefined || definition.contracts === undefined || !brokerIsSet(kit))
    return undefined;
  const environment = requireVariable(
    'PACT_BROKER_ENVIRONMENT',
    kit.env,
    'the environment that the Pact Broker is asked about; --no-broker asks the gates alone',
  );
  await requireSoleProvider(kit, definition);
  const about = { pacticipant: definition.contracts.provider, environment };
  const found = await versionThatRuns(kit, definition, side, given);
  if ('unknown' in found)
    return {
      ...about,
      deployable: null,
      reason: `the broker was not asked, because the version of the ${side} is not known: ${found.unknown}`,
    };
  const { version } = found;
  const broker = await openBroker(kit, timeoutMs);
  const { deployable, reason } = await broker.canIDeploy({ ...about, version });
  return { ...about, version, deployable, reason };
}

/** By its own word, or by that of whoever asks. */
export async function versionThatRuns(
  kit: Pick<Asking, 'env'>,
  definition: MigrationDefinition,
  side: Side,
  given?: string,
): Promise<ReturnType<typeof providerVersion>> {
  const build = given === undefined ? await askBuild(kit, definition, side) : undefined;
  return providerVersion(side, {
    own: false,
    ...(given !== undefined && { given }),
    ...(build !== undefined && { build }),
  });
}
