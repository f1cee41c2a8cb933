import {
  evaluateGates,
  type GateResult,
  gateSettings,
  gatesPass,
  isStranglerError,
  isWithin,
  type MigrationDefinition,
  type Move,
  moveAllowed,
  replicates,
  type Side,
  type Stage,
  StranglerError,
} from '@strangler-toolkit/plan';
import type { ContextRow, Lease } from '../control/index.ts';
import { requireSidesAgree } from '../cutover/index.ts';
import { brokerIsSet } from './contracts/broker/load-broker.ts';
import { gatherFacts, type LookOptions } from './gate-facts.ts';
import type { Toolkit } from './toolkit.ts';

export interface ForceOptions {
  readonly force?: boolean;
  /** Why the gates are passed by; journaled. */
  readonly reason?: string;
  readonly noFacade?: boolean;
  /** A Pact Broker that is set is not asked; needs a reason, and is journaled. */
  readonly noBroker?: boolean;
}

export interface GateDecision {
  readonly row: ContextRow;
  readonly to: Stage;
  readonly gates: readonly GateResult[];
  readonly passed: boolean;
}

const failedGates = (gates: readonly GateResult[]): string =>
  gates
    .filter((gate) => !gate.ok)
    .map((gate) => `${gate.gate}: ${gate.actual} (needs: ${gate.expected}). ${gate.remedy}`)
    .join('\n');

/**
 * Stage and gates are the control database's word, so it must be the latest. A side that went back is the move's own question:
 * reads may leave it by flags. Whoever has no address of the sides cannot ask them.
 * @throws StranglerError CONTROL_FELL_BACK
 */
export async function requireLatestControl(
  kit: Toolkit,
  definition: MigrationDefinition,
): Promise<void> {
  if (!replicates(definition.data)) return;
  const control = await kit.control();
  try {
    await requireSidesAgree({ definition, control, ...kit.databaseUrls(definition) });
  } catch (error) {
    const code = isStranglerError(error) ? error.code : undefined;
    if (code !== 'SIDE_FELL_BACK' && code !== 'CONFIG_ENV_MISSING') throw error;
  }
}

/** Whether a move is possible and what its gates say; changes nothing. @throws MOVE_NOT_ALLOWED, CONTROL_FELL_BACK */
export async function decideMove(
  kit: Toolkit,
  definition: MigrationDefinition,
  move: Move,
  options: LookOptions = {},
): Promise<GateDecision> {
  await requireLatestControl(kit, definition);
  const row = await kit.row(definition);
  const decision = isWithin(move, row.stage)
    ? { allowed: true as const, to: row.stage }
    : moveAllowed(row.stage, definition.data, move);
  if (!decision.allowed)
    throw new StranglerError('MOVE_NOT_ALLOWED', `${definition.context}: ${decision.reason}`);
  const gates = evaluateGates(
    move,
    await gatherFacts(kit, definition, move, options),
    gateSettings(definition),
  );
  return { row, to: decision.to, gates, passed: gatesPass(gates) };
}

/** Evaluates the gates under the lease and journals the decision. @throws GATE_REFUSED, MOVE_NOT_ALLOWED, CONTROL_FELL_BACK, USAGE */
export async function passGates(
  kit: Toolkit,
  definition: MigrationDefinition,
  move: Move,
  options: ForceOptions,
): Promise<GateDecision> {
  if (options.force && !options.reason)
    throw new StranglerError('USAGE', '--force needs --reason "why", which is journaled');
  if (options.noBroker && !options.reason)
    throw new StranglerError('USAGE', '--no-broker needs --reason "why", which is journaled');
  const decision = await decideMove(kit, definition, move, options);
  const control = await kit.control();
  if (decision.passed) {
    if (options.noBroker && brokerIsSet(kit))
      await control.journal.append({
        context: definition.context,
        actor: kit.actor,
        step: `gates-${move}`,
        status: 'forced',
        detail: { reason: options.reason ?? '', move, broker: 'not asked' },
      });
    return decision;
  }
  const detail = {
    ...(options.reason !== undefined && { reason: options.reason }),
    move,
    gates: decision.gates,
  };
  await control.journal.append({
    context: definition.context,
    actor: kit.actor,
    step: `gates-${move}`,
    status: options.force ? 'forced' : 'refused',
    detail,
  });
  if (!options.force) throw gateRefusal(definition, move, decision.gates);
  kit.tell('gates', `passed by with --force: ${options.reason}`);
  return decision;
}

const gateRefusal = (
  definition: MigrationDefinition,
  move: Move,
  gates: readonly GateResult[],
): StranglerError =>
  new StranglerError(
    'GATE_REFUSED',
    `${definition.context} may not go on (${move}):\n${failedGates(gates)}`,
    { details: { move, gates } },
  );

/** Refusal as a dry run shows it. */
export const refusalOf = (
  definition: MigrationDefinition,
  move: Move,
  decision: GateDecision,
  force: boolean | undefined,
) =>
  decision.passed || force
    ? undefined
    : {
        code: 'GATE_REFUSED',
        message: gateRefusal(definition, move, decision.gates).message,
        gates: decision.gates,
      };

/** A stage that is entered, and the lease under which the gates let it pass. */
export interface StageEntry {
  readonly decision: GateDecision;
  readonly lease: Lease;
  readonly owner?: Side;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Changes the stage after the gates let it pass; the owner of replicated data never changes here. */
export async function enterStage(
  kit: Toolkit,
  definition: MigrationDefinition,
  { decision, lease, owner, detail }: StageEntry,
): Promise<ContextRow> {
  const control = await kit.control();
  await lease.check();
  return control.contexts.setStage({
    context: definition.context,
    expectedStage: decision.row.stage,
    expectedEpoch: decision.row.epoch,
    stage: decision.to,
    ...(owner && { owner }),
    leaseToken: lease.token,
    journal: [
      {
        actor: kit.actor,
        step: 'stage',
        status: 'done',
        detail: { from: decision.row.stage, to: decision.to, ...detail },
      },
    ],
  });
}
