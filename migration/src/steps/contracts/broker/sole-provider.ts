import { type MigrationDefinition, StranglerError } from '@strangler-toolkit/plan';
import type { Toolkit } from '../../toolkit.ts';

/**
 * At a broker a pacticipant has one deployed version in an environment: contexts that share a provider would take each other's
 * place there, and be asked for each other's routes.
 *
 * @throws StranglerError CONFIG_INVALID
 */
export async function requireSoleProvider(
  kit: Pick<Toolkit, 'contexts'>,
  { context, contracts }: MigrationDefinition,
): Promise<void> {
  const provider = contracts?.provider;
  if (provider === undefined) return;
  const others = [...(await kit.contexts()).values()]
    .map(({ definition }) => definition)
    .filter((other) => other.context !== context && other.contracts?.provider === provider)
    .map((other) => other.context)
    .sort();
  if (others.length === 0) return;
  throw new StranglerError(
    'CONFIG_INVALID',
    `contexts ${[context, ...others].join(', ')} have the same contracts.provider "${provider}": ` +
      'the Pact Broker would take the deployment of one for that of the other',
    {
      remedy:
        'Give each context a provider of its own, by which consumers name it in their pacts too.',
    },
  );
}
