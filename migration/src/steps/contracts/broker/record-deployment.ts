import {
  isStranglerError,
  type MigrationDefinition,
  requireVariable,
  type Side,
  StranglerError,
} from '@strangler-toolkit/plan';
import { planned, type Step } from '../../step.ts';
import type { Toolkit } from '../../toolkit.ts';
import { versionThatRuns } from './can-i-deploy.ts';
import { brokerEnvironment, brokerIsSet, type Deployment, openBroker } from './load-broker.ts';

export interface RecordDeploymentOptions {
  readonly context: string;
  /** Default: who owns the context, which needs the control database. */
  readonly side?: Side;
  /** Default: what that side says of itself. */
  readonly providerVersion?: string;
  /** Default: PACT_BROKER_ENVIRONMENT. */
  readonly environment?: string;
}

export interface RecordedDeployment extends Deployment {
  readonly context: string;
  readonly side: Side;
}

export const contractsRecordDeployment: Step<RecordDeploymentOptions, RecordedDeployment> = {
  async execute(kit, options) {
    const deployment = await deploymentOf(kit, options);
    await (await openBroker(kit)).recordDeployment(deployment);
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

/** What became of the record of a change of owner at the broker. */
export type DeploymentNote =
  | ({ readonly recorded: true } & Omit<RecordedDeployment, 'context'>)
  | { readonly recorded: false; readonly why: string; readonly command: string };

/** Longest time that a broker is waited for after a flip. */
const patienceMs = 10_000;

/** A deployment is recorded after the one before it, or the broker would believe the older one. */
const lastOf = new WeakMap<Toolkit, Promise<unknown>>();

/**
 * Tells the broker of a change of owner that has happened: it goes on beside whatever follows, takes fifteen seconds at most,
 * and never fails. What was not recorded is told and journaled, with the command that records it later.
 */
export class DeploymentRecorder {
  readonly #kit: Toolkit;
  readonly #definition: MigrationDefinition;
  readonly #side: Side;
  #running: Promise<DeploymentNote | undefined> = Promise.resolve(undefined);

  constructor(kit: Toolkit, definition: MigrationDefinition, side: Side) {
    this.#kit = kit;
    this.#definition = definition;
    this.#side = side;
  }

  /** Right after the flip. */
  begin(): void {
    const kit = this.#kit;
    if (!brokerIsSet(kit) || this.#definition.contracts === undefined) return;
    const before = lastOf.get(kit) ?? Promise.resolve();
    this.#running = before.then(() => recordNow(kit, this.#definition, this.#side));
    lastOf.set(kit, this.#running);
  }

  /** Undefined where there is no broker, or nothing was flipped. */
  end(): Promise<DeploymentNote | undefined> {
    return this.#running;
  }
}

/** What a dry run says of it. */
export const plannedDeployment = (
  kit: Pick<Toolkit, 'env'>,
  { contracts }: MigrationDefinition,
  side: Side,
): { action: string; detail: string }[] =>
  brokerIsSet(kit) && contracts
    ? [
        {
          action: 'record the deployment at the Pact Broker',
          detail:
            `the ${side} as ${contracts.provider} in ` +
            (brokerEnvironment(kit) ?? 'no environment: PACT_BROKER_ENVIRONMENT is not set'),
        },
      ]
    : [];

async function recordNow(
  kit: Toolkit,
  definition: MigrationDefinition,
  side: Side,
): Promise<DeploymentNote> {
  const note = await attempt(kit, definition, side);
  kit.tell(
    'deployment',
    note.recorded
      ? `recorded at the Pact Broker: ${note.pacticipant} ${note.version} in ${note.environment}`
      : `not recorded at the Pact Broker: ${note.why}; later: ${note.command}`,
    note.recorded ? 'done' : 'failed',
  );
  await kit
    .control()
    .then(({ journal }) =>
      journal.append({
        context: definition.context,
        actor: kit.actor,
        step: 'deployment',
        status: note.recorded ? 'done' : 'failed',
        detail: { ...note },
      }),
    )
    .catch(() => undefined);
  return note;
}

async function attempt(
  kit: Toolkit,
  definition: MigrationDefinition,
  side: Side,
): Promise<DeploymentNote> {
  const environment = brokerEnvironment(kit);
  let version: string | undefined;
  try {
    if (environment === undefined)
      throw new StranglerError('CONFIG_ENV_MISSING', 'PACT_BROKER_ENVIRONMENT is not set');
    const found = await versionThatRuns(kit, definition, side);
    if ('unknown' in found)
      throw new StranglerError(
        'CONTRACTS_VERSION_UNKNOWN',
        `its version is not known: ${found.unknown}`,
      );
    version = found.version;
    const pacticipant = definition.contracts?.provider ?? definition.context;
    const signal = AbortSignal.any([kit.signal, AbortSignal.timeout(patienceMs)]);
    const broker = await openBroker({ env: kit.env, signal });
    await broker.recordDeployment({ pacticipant, version, environment });
    return { recorded: true, side, pacticipant, version, environment };
  } catch (error) {
    const why = isStranglerError(error) ? `${error.code}: ${error.message}` : String(error);
    const command = [
      `strangler contracts record-deployment ${definition.context} --side ${side}`,
      ...(version === undefined ? [] : [`--provider-version ${version}`]),
      `--environment ${environment ?? '<name>'}`,
    ].join(' ');
    return { recorded: false, why, command };
  }
}
