import {
  isStranglerError,
  type MigrationDefinition,
  type Side,
  StranglerError,
} from '@strangler-toolkit/plan';
import type { ContextRow } from '../../../control/index.ts';
import type { Toolkit } from '../../toolkit.ts';
import { versionThatRuns } from './can-i-deploy.ts';
import { brokerEnvironment, brokerIsSet, type Deployment, openBroker } from './load-broker.ts';
import { requireSoleProvider } from './sole-provider.ts';
import { commandFor, type Untold, untold } from './untold.ts';

export interface RecordedDeployment extends Deployment {
  readonly context: string;
  readonly side: Side;
}

/** What became of the record of a change of owner at the broker. */
export type DeploymentNote =
  | ({ readonly recorded: true } & Omit<RecordedDeployment, 'context'>)
  | { readonly recorded: false; readonly why: string; readonly command: string };

/** Longest time that a broker is waited for after a flip. */
const patienceMs = 10_000;

/** A deployment is recorded after the one before it, or the broker would believe the older one. */
const lastOf = new WeakMap<Toolkit, Promise<unknown>>();
function inTurn<Result>(kit: Toolkit, record: () => Promise<Result>): Promise<Result> {
  const running = (lastOf.get(kit) ?? Promise.resolve()).then(record);
  lastOf.set(
    kit,
    running.catch(() => undefined),
  );
  return running;
}

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

  /**
   * Once nothing refuses the change any more. Journaled, so that whoever finishes it after a crash, or looks, knows that there
   * is a broker to be told.
   */
  async intend(): Promise<void> {
    const kit = this.#kit;
    if (!brokerIsSet(kit) || this.#definition.contracts === undefined) return;
    const detail = { side: this.#side, environment: brokerEnvironment(kit) ?? null };
    await journal(kit, this.#definition, 'started', detail);
  }

  /** Right after the flip. */
  begin(): void {
    const kit = this.#kit;
    if (!brokerIsSet(kit) || this.#definition.contracts === undefined) return;
    this.#running = inTurn(kit, () => recordNow(kit, this.#definition, this.#side));
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
  await journal(kit, definition, note.recorded ? 'done' : 'failed', { side, ...note });
  return note;
}

/** Nothing depends on a line of it that could not be written. */
const journal = async (
  kit: Toolkit,
  { context }: Pick<MigrationDefinition, 'context'>,
  status: 'started' | 'done' | 'failed',
  detail: object,
): Promise<void> =>
  kit
    .control()
    .then(({ journal: lines }) =>
      lines.append({
        context,
        actor: kit.actor,
        step: 'deployment',
        status,
        detail: { ...detail },
      }),
    )
    .catch(() => undefined);

/** By hand, where a control database knows the context. */
export const journalRecorded = async (
  kit: Toolkit,
  { context, ...deployment }: RecordedDeployment,
): Promise<void> => {
  if (kit.hasControl) await journal(kit, { context }, 'done', { recorded: true, ...deployment });
};

/** What the broker does not know of who owns the context now. */
export async function untoldDeployment(
  kit: Toolkit,
  definition: MigrationDefinition,
  row: Pick<ContextRow, 'owner' | 'epoch'>,
): Promise<Untold | undefined> {
  if (definition.contracts === undefined) return undefined;
  const { journal: lines } = await kit.control();
  // Pipelines may write down many of one epoch.
  const rows = await lines.list({ context: definition.context, step: 'deployment', limit: 1000 });
  const environment = brokerEnvironment(kit);
  return untold(definition, row, {
    rows,
    isSet: brokerIsSet(kit),
    ...(environment !== undefined && { environment }),
  });
}

/**
 * After a move that somebody else began and could not end: the broker is told as that command would have done, or, where it is
 * not known here, it is said how. Never fails: `status` says what remained.
 */
export const tellUntold = (kit: Toolkit, definition: MigrationDefinition): Promise<void> =>
  inTurn(kit, async () => {
    const found = await untoldDeployment(kit, definition, await kit.row(definition));
    if (found === undefined) return;
    if (brokerIsSet(kit)) await recordNow(kit, definition, found.side);
    else kit.tell('deployment', `${found.why}: ${found.command}`, 'failed');
  }).catch(() => undefined);

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
    await requireSoleProvider(kit, definition);
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
    const command = commandFor(definition.context, { side, version, environment });
    return { recorded: false, why, command };
  }
}
