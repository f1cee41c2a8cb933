import { randomUUID } from 'node:crypto';
import {
  cutoverSettings,
  type MigrationDefinition,
  type Side,
  StranglerError,
} from '@strangler-toolkit/plan';
import type { Control, Lease } from '../control/index.ts';
import { fenceStatus } from './fence-status.ts';
import { contextTables } from './context-tables.ts';
import { installFenceSchema } from '../replica/fences.ts';
import { type MoveKind, movePlan } from './move-plan.ts';
import { takeNumber } from './move-record.ts';
import type { MoveState, StepMoment } from './move-state.ts';
import { protocol } from './protocol.ts';
import { recoverUnderLease, type Recovery, requireSidesAgree } from './recover.ts';
import { asStranglerError, planMove, runMove, type StepResult } from './run-move.ts';
import { SideConnections } from './side-connections.ts';
import type { Transport } from '../stream/transport.ts';

export interface MoveOptions {
  readonly definition: MigrationDefinition;
  readonly control: Control;
  readonly monolithUrl: string;
  readonly serviceUrl: string;
  readonly transport: Transport;
  /** Journaled: `user@host`. */
  readonly actor: string;
  /** A lease that the caller holds already (it evaluated the gates under it); else one is taken for the move. */
  readonly lease?: Lease;
  readonly dryRun?: boolean;
  /** No facade runs, so nothing can hold writes: they are refused for the length of the move instead. */
  readonly noFacade?: boolean;
  /** The gates were passed by: what they ask for is not asked again behind the fence. */
  readonly forced?: boolean;
  /**
   * Contexts with data `reference` whose rows the service's new writes may refer to, out of the same monolith database. A cutover
   * waits for their streams as for its own.
   */
  readonly references?: readonly string[];
  /** Abandons the move, as long as the owner has not changed. */
  readonly signal?: AbortSignal;
  readonly onStep?: (moment: StepMoment) => void | Promise<void>;
  readonly leaseTtlMs?: number;
  /**
   * How long the reverse proof waits for running transactions, for the transport and for its marker (default:
   * what the transport says). No write waits meanwhile.
   */
  readonly proofTimeoutMs?: number;
}

export interface MoveResult {
  readonly move: MoveKind;
  readonly context: string;
  readonly moveId: string | null;
  /** `aborted`: the old owner serves, nothing changed. `unfinished`: the worker or the next command completes it. */
  readonly outcome: 'done' | 'aborted' | 'refused' | 'unfinished' | 'planned';
  readonly error?: StranglerError;
  readonly steps: readonly StepResult[];
  /** From the moment the hold was set to the moment it was lifted, by the control database's clock. */
  readonly writePauseMs: number | null;
  readonly owner: Side | null;
  readonly epoch: number | null;
  /** Facade instances that did not answer for so long that they count as gone; the fence protects against them. */
  readonly goneInstances: readonly string[];
  /** What was found unfinished and brought to its end first. */
  readonly recovered: Recovery;
}

export const cutover = (options: MoveOptions): Promise<MoveResult> => moveOwner('cutover', options);
export const rollback = (options: MoveOptions): Promise<MoveResult> =>
  moveOwner('rollback', options);

/** Never throws: what happened is in the result. */
async function moveOwner(kind: MoveKind, options: MoveOptions): Promise<MoveResult> {
  const { control, definition } = options;
  const nothing = {
    move: kind,
    context: definition.context,
    moveId: null,
    steps: [],
    writePauseMs: null,
    goneInstances: [],
  };
  let recovered: Recovery = { outcome: 'nothing' };
  let lease: Lease | undefined;
  const sides = new SideConnections({ monolith: options.monolithUrl, service: options.serviceUrl });
  try {
    if (options.dryRun) return { ...nothing, recovered, ...(await dryRun(kind, options, sides)) };
    lease =
      options.lease ??
      (await control.leases.acquire({
        context: definition.context,
        holder: options.actor,
        move: kind,
        ...(options.leaseTtlMs !== undefined && { ttlMs: options.leaseTtlMs }),
      }));
    recovered = await recoverUnderLease(options, lease);
    if (recovered.outcome === 'unfinished')
      return {
        ...nothing,
        outcome: 'unfinished',
        error: recovered.error,
        recovered,
        ...(await standing(options)),
      };
    const plan = movePlan(kind);
    const now = await standing(options);
    const same =
      recovered.outcome === 'completed'
        ? recovered.moves.find((move) => move.kind === kind && move.flipped)
        : undefined;
    if (same && now.owner === plan.to)
      return { ...nothing, moveId: same.moveId, outcome: 'done', recovered, ...now };
    return {
      ...nothing,
      recovered,
      ...(await begin(kind, options, lease, sides)),
      ...(await standing(options)),
    };
  } catch (error) {
    return {
      ...nothing,
      outcome: 'refused',
      error: asStranglerError(error, kind),
      recovered,
      ...(await standing(options)),
    };
  } finally {
    if (!options.lease) await lease?.release().catch(() => {});
    await sides.close();
  }
}

async function standing({
  control,
  definition,
}: MoveOptions): Promise<{ owner: Side | null; epoch: number | null }> {
  const row = await control.contexts.get(definition.context).catch(() => undefined);
  return { owner: row?.owner ?? null, epoch: row?.epoch ?? null };
}

const idle = {
  deadline: undefined,
  mapping: undefined,
  stop: undefined,
  heldAt: undefined,
  writePauseMs: undefined,
  identity: undefined,
};

async function begin(
  kind: MoveKind,
  options: MoveOptions,
  lease: Lease,
  sides: SideConnections,
): Promise<
  Pick<MoveResult, 'moveId' | 'outcome' | 'steps' | 'writePauseMs' | 'goneInstances'> & {
    error?: StranglerError;
  }
> {
  const { control, definition } = options;
  const plan = movePlan(kind);
  const row = await control.contexts.require(definition.context);
  if (row.owner !== plan.from || row.stage !== plan.stageBefore) {
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${kind} begins at stage ${plan.stageBefore}; ${definition.context} is at stage ${row.stage}, owned by the ${row.owner}`,
    );
  }
  const tables = contextTables(definition);
  const source = await sides.client(plan.from);
  // Also what the fence of this move will need: nobody waits for it now.
  await installFenceSchema(source, definition.context, tables[plan.from]);
  await installFenceSchema(await sides.client(plan.to), definition.context, tables[plan.to]);
  const before = await fenceStatus(source, definition.context, tables[plan.from]);
  const sourceFence = before.tables.some((fence) => fence.mode === 'audit') ? 'audit' : 'none';
  const moveId = randomUUID();
  const record = { move: kind, from: tables[plan.from], to: tables[plan.to], sourceFence };
  const guard = await takeNumber(control, lease, {
    moveId,
    actor: options.actor,
    step: 'move',
    epoch: row.epoch,
    detail: record,
  });
  const signal = options.signal ? AbortSignal.any([options.signal, lease.signal]) : lease.signal;
  const move: MoveState = {
    ...idle,
    plan,
    definition,
    control,
    lease,
    guard,
    moveId,
    sides,
    signal,
    sourceFence,
    transport: options.transport,
    settings: cutoverSettings(definition),
    actor: options.actor,
    epoch: row.epoch,
    tables: { from: tables[plan.from], to: tables[plan.to] },
    noFacade: options.noFacade === true,
    forced: options.forced === true,
    references: kind === 'cutover' ? (options.references ?? []) : [],
    proofTimeoutMs: options.proofTimeoutMs ?? options.transport.proofTimeoutMs,
    onStep: async (moment) => options.onStep?.(moment),
  };
  const result = await runMove(move, protocol);
  const gone = result.steps.find((step) => step.step === 'hold')?.detail.gone;
  return {
    moveId,
    outcome: result.outcome,
    steps: result.steps,
    writePauseMs: move.writePauseMs ?? null,
    goneInstances: Array.isArray(gone) ? gone.map(String) : [],
    ...(result.error && { error: result.error }),
  };
}

/** Looks at everything and changes nothing: no lease, no journal, no number; so it may also run beside a command at work. */
async function dryRun(
  kind: MoveKind,
  options: MoveOptions,
  sides: SideConnections,
): Promise<Pick<MoveResult, 'outcome' | 'steps' | 'owner' | 'epoch'> & { error?: StranglerError }> {
  const { control, definition } = options;
  const plan = movePlan(kind);
  await requireSidesAgree(options);
  const row = await control.contexts.require(definition.context);
  const tables = contextTables(definition);
  const absent: Lease = {
    context: definition.context,
    token: '',
    signal: new AbortController().signal,
    check: async () => {},
    release: async () => {},
  };
  const planned = await planMove(
    {
      ...idle,
      plan,
      definition,
      control,
      lease: absent,
      guard: { context: definition.context, control: '', number: '0' },
      moveId: randomUUID(),
      sides,
      transport: options.transport,
      signal: options.signal ?? absent.signal,
      sourceFence: 'none',
      settings: cutoverSettings(definition),
      actor: options.actor,
      epoch: row.epoch,
      tables: { from: tables[plan.from], to: tables[plan.to] },
      noFacade: options.noFacade === true,
      references: kind === 'cutover' ? (options.references ?? []) : [],
      proofTimeoutMs: options.transport.proofTimeoutMs,
      onStep: async () => {},
    },
    protocol,
  );
  return {
    outcome: 'planned',
    steps: planned.steps,
    owner: row.owner,
    epoch: row.epoch,
    ...(planned.error && { error: planned.error }),
  };
}
