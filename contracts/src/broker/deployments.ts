import { ContractsError } from '../contracts-error.ts';
import type { Deployment } from './can-i-deploy.ts';
import type { HalClient } from './hal-client.ts';
import { isObject, type Json, linkOf, listOf } from './links.ts';

export interface EnvironmentWish {
  readonly name: string;
  readonly displayName?: string;
  readonly production?: boolean;
}

export interface EnvironmentFound {
  readonly created: boolean;
  readonly production: boolean;
}

/** @throws ContractsError BROKER_NOT_FOUND when the broker knows neither this version nor this environment */
export async function recordDeployment(
  client: HalClient,
  { pacticipant, version, environment }: Deployment,
): Promise<void> {
  const found = await client
    .get(await client.relation('pb:pacticipant-version', { pacticipant, version }))
    .catch((error: unknown) => {
      if (error instanceof ContractsError && error.code === 'BROKER_NOT_FOUND')
        throw new ContractsError(
          'BROKER_NOT_FOUND',
          `the Pact Broker knows no version ${version} of ${pacticipant}: publish its results first`,
          { cause: error },
        );
      throw error;
    });
  const link = linkOf(found.body, 'pb:record-deployment', environment);
  if (link === undefined)
    throw new ContractsError(
      'BROKER_NOT_FOUND',
      `the Pact Broker has no environment ${environment} to record ${pacticipant} ${version} in: ` +
        `strangler contracts environment ${environment} makes it`,
    );
  await client.post(link, {});
}

const named = async (client: HalClient, link: string, name: string): Promise<Json | undefined> => {
  const { body } = await client.get(link);
  const all = isObject(body._embedded) ? listOf(body._embedded.environments) : [];
  return all.find((environment) => environment.name === name);
};

/** Finds an environment or makes it; somebody may make it at the same moment. @throws ContractsError BROKER_CONFLICT */
export async function ensureEnvironment(
  client: HalClient,
  { name, displayName = name, production }: EnvironmentWish,
): Promise<EnvironmentFound> {
  const link = await client.relation('pb:environments');
  const agreed = (found: Json): EnvironmentFound => {
    const is = found.production === true;
    if (production !== undefined && production !== is)
      throw new ContractsError(
        'BROKER_CONFLICT',
        `the Pact Broker has an environment ${name} already, and it is ${is ? '' : 'not '}production`,
      );
    return { created: false, production: is };
  };
  const there = await named(client, link, name);
  if (there) return agreed(there);
  try {
    await client.post(link, { name, displayName, production: production ?? false });
  } catch (error) {
    const since = await named(client, link, name).catch(() => undefined);
    if (since) return agreed(since);
    throw error;
  }
  return { created: true, production: production ?? false };
}
