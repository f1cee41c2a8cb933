import { requireVariable, type Side, StranglerError } from '@strangler-toolkit/plan';
import { planned, type Step } from '../../step.ts';
import type { Toolkit } from '../../toolkit.ts';
import { versionThatRuns } from './can-i-deploy.ts';
import { journalRecorded, type RecordedDeployment } from './deployment-recorder.ts';
import { openBroker } from './load-broker.ts';
import { requireSoleProvider } from './sole-provider.ts';

export interface RecordDeploymentOptions {
  readonly context: string;
  /** Default: who owns the context, which needs the control database. */
  readonly side?: Side;
  /** Default: what that side says of itself. */
  readonly providerVersion?: string;
  /** Default: PACT_BROKER_ENVIRONMENT. */
  readonly environment?: string;
}

export const contractsRecordDeployment: Step<RecordDeploymentOptions, RecordedDeployment> = {
  async execute(kit, options) {
    const deployment = await deploymentOf(kit, options);
    await (await openBroker(kit)).recordDeployment(deployment);
    await journalRecorded(kit, deployment);
    return deployment;
  },
  async dryRun(kit, options) {
    const { pacticipant, version, environment } = await deploymentOf(kit, options);
    return planned([
      { action: 'record the deployment', detail: `${pacticipant} ${version} in ${environment}` },
    ]);
  },
};

async function deploymentOf(
  kit: Toolkit,
  { context, side: named, providerVersion, environment }: RecordDeploymentOptions,
): Promise<RecordedDeployment> {
  const definition = await kit.definition(context);
  if (definition.contracts === undefined)
    throw new StranglerError(
      'PACTS_NOT_FOUND',
      `context ${context} names no provider (contracts.provider)`,
    );
  await requireSoleProvider(kit, definition);
  const where =
    environment ??
    requireVariable(
      'PACT_BROKER_ENVIRONMENT',
      kit.env,
      'where it is deployed; --environment works as well',
    );
  const side = named ?? (await kit.row(definition)).owner;
  const found = await versionThatRuns(kit, definition, side, providerVersion);
  if ('unknown' in found)
    throw new StranglerError(
      'CONTRACTS_VERSION_UNKNOWN',
      `the version of the ${side} is not known: ${found.unknown}`,
      { remedy: 'Name it with --provider-version.' },
    );
  const { version } = found;
  return { context, side, pacticipant: definition.contracts.provider, version, environment: where };
}
