import { ContractsError } from '../contracts-error.ts';
import type { HalClient } from './hal-client.ts';
import { isObject, textOf } from './links.ts';
import { noticesOf, type Notice } from './publish.ts';

export interface Deployment {
  readonly pacticipant: string;
  readonly version: string;
  readonly environment: string;
}

export interface Deployable {
  /** Only true is a yes; null: the broker does not know. */
  readonly deployable: boolean | null;
  readonly reason: string;
  readonly notices: readonly Notice[];
}

/** Asks whether a version may be in an environment beside what is there. Anything but the broker's own `true` is no yes. */
export async function canIDeploy(
  client: HalClient,
  { pacticipant, version, environment }: Deployment,
): Promise<Deployable> {
  const link = await client.relation('pb:can-i-deploy-pacticipant-version-to-environment', {
    pacticipant,
    version,
    environment,
  });
  const answer = await client.get(link).catch((error: unknown) => {
    if (error instanceof ContractsError && error.code === 'BROKER_NOT_FOUND') return undefined;
    throw error;
  });
  if (answer === undefined)
    return {
      deployable: null,
      reason: `the broker knows no version ${version} of ${pacticipant}: no result of it was published`,
      notices: [],
    };
  const { summary } = answer.body;
  if (!isObject(summary) || !('deployable' in summary))
    throw new ContractsError(
      'BROKER_UNSUITABLE',
      `the Pact Broker answers to can-i-deploy without a word on whether ${pacticipant} ${version} is deployable`,
    );
  const { deployable, success } = summary;
  const notices = noticesOf(answer.body);
  const reason = textOf(summary.reason) ?? '';
  // Where the broker knows of nobody who relies on it, its yes is about nothing.
  if (deployable === true && success === 0)
    return {
      deployable: null,
      reason: `no deployed consumer in ${environment} is known${reason && ` (the broker: ${reason})`}`,
      notices,
    };
  return { deployable: typeof deployable === 'boolean' ? deployable : null, reason, notices };
}
