import {
  allowedOf,
  commandToGoOn,
  directionFrom,
  type EarlierVerification,
  evaluateGates,
  type GateResult,
  gateSettings,
  isStranglerError,
  type MigrationDefinition,
  type Move,
  nextCommand,
  nextMove,
  type Side,
  type StandInsSeen,
  streamsAt,
  type TrafficSeen,
  replicates,
  type DataKind,
} from '@strangler-toolkit/plan';
import type { RouteShadow, Watermark } from '../control/index.ts';
import { readRoutes, routeFlags, type FlagState } from '../flags/index.ts';
import { untoldDeployment } from './contracts/broker/deployment-recorder.ts';
import type { Untold } from './contracts/broker/untold.ts';
import { earlierVerification } from './evidence-facts.ts';
import { goneFacades } from './gone-facades.ts';
import { type FenceOpened, fenceOpened } from './fence-held.ts';
import { askDeadLetters } from './data-facts.ts';
import { gatherFacts } from './gate-facts.ts';
import type { StreamHealth } from '../stream/stream-health.ts';
import { type SideHealth, sideHealth, wayOut } from './side-health.ts';
import { readersOf, type ReadReference, readReferences } from './references.ts';
import { otherPlans } from './other-plans.ts';
import { standInsSeen } from './stand-ins-seen.ts';
import { streamEnds } from './stream-ends.ts';
import type { Toolkit } from './toolkit.ts';

export interface ContextStatus {
  readonly context: string;
  readonly data: DataKind;
  readonly stage: string;
  readonly owner: string;
  readonly epoch: number;
  readonly ownedForSeconds: number;
  readonly held: boolean;
  readonly worker: Watermark | null;
  /** Slot, connector and topics; null where nothing streams. */
  readonly stream: StreamHealth | null;
  readonly verification: {
    readonly ok: boolean;
    readonly ageSeconds: number;
    readonly detail: Readonly<Record<string, unknown>>;
  } | null;
  /** The last one of an epoch before, where this one has none. */
  readonly earlierVerification: EarlierVerification | null;
  readonly pacts: {
    readonly ok: boolean;
    readonly ageSeconds: number;
    readonly monolith: boolean;
    readonly service: boolean;
  } | null;
  readonly shadow: readonly RouteShadow[];
  /** The references that its service reads. */
  readonly reads: readonly ReadReference[];
  /** Of a reference: who reads it, with its stage. */
  readonly readBy: readonly string[];
  /** Of the last day. */
  readonly traffic: TrafficSeen;
  /** Whether HTTP answers, and what facades measured lately. */
  readonly sides: Readonly<Record<Side, SideHealth>>;
  /** What the service may do by what the monolith did lately; null before the canary, and without a request to compare with. */
  readonly allowed: { readonly errorPercent: number; readonly p99Ms: number | null } | null;
  readonly deadLetters: number | null;
  /** Why it is not known how many there are. */
  readonly deadLettersProblem: string | null;
  /** Somebody stepped round the fence of the side that does not own; null: nobody. */
  readonly fence: FenceOpened | null;
  /** Why flags are not known. */
  readonly flagsProblem: string | null;
  readonly flags: readonly FlagState[] | null;
  readonly facades: {
    readonly alive: number;
    readonly gone: number;
    readonly behind: number;
    /** Names of those that serve it by another context file than this one. */
    readonly otherPlan: readonly string[];
  };
  /** Reads that a side answered for a dead owner lately, through all facades; null: none. */
  readonly standIn: StandInsSeen | null;
  /** What the Pact Broker was not told of the owner; null: nothing, or there is none. */
  readonly untold: Untold | null;
  readonly working: { readonly holder: string; readonly move: string } | null;
  readonly nextMove: Move | null;
  readonly gates: readonly GateResult[];
  readonly nextCommand: string | null;
  /** Why the next command is another one than the next move. */
  readonly because: string | null;
}

async function readFlags(
  kit: Toolkit,
  definition: MigrationDefinition,
): Promise<Pick<ContextStatus, 'flags' | 'flagsProblem'>> {
  if (!kit.hasFlagWriter)
    return { flags: null, flagsProblem: 'neither UNLEASH_URL nor STRANGLER_CONTROL_URL is set' };
  try {
    const flags = await kit.flagWriter().readAll(routeFlags(definition), definition.context);
    return { flags, flagsProblem: null };
  } catch (error) {
    if (!isStranglerError(error)) throw error;
    return { flags: null, flagsProblem: `${error.code}: ${error.message}` };
  }
}

async function contextStatus(
  kit: Toolkit,
  definition: MigrationDefinition,
): Promise<ContextStatus> {
  const control = await kit.control();
  const { context } = definition;
  const row = await kit.row(definition);
  const replicated = replicates(definition.data);
  const [worker, verification, pacts, shadow, traffic, sides, instances, lease, known] =
    await Promise.all([
      control.watermarks.get(context, directionFrom(row.owner)),
      control.evidence.latest(context, 'verification', row.epoch),
      control.evidence.latest(context, 'pacts'),
      control.shadow.counts(context, row.epoch),
      control.identities.of(context, 24),
      sideHealth(kit, control, definition),
      control.instances.forContext(context),
      control.leases.get(context),
      control.contexts.get(context),
    ]);
  const move = nextMove(row.stage, definition.data) ?? null;
  const gates = move
    ? evaluateGates(move, await gatherFacts(kit, definition, move), gateSettings(definition))
    : [];
  const asked = await readFlags(kit, definition);
  const streams = replicated && streamsAt(row.stage);
  const stream = streams
    ? await kit.transport(definition).health(streamEnds(kit, definition, directionFrom(row.owner)))
    : null;
  const letters =
    replicated && row.stage !== 'monolith' ? await askDeadLetters(kit, definition, row) : null;
  const fence =
    lease && lease.expiresInSeconds > 0 ? null : await fenceOpened(kit, definition, row);
  const alive = instances.filter((instance) => instance.alive);
  const out = wayOut(row, sides);
  return {
    context,
    data: definition.data,
    stage: row.stage,
    owner: row.owner,
    epoch: row.epoch,
    ownedForSeconds: row.ownedForSeconds,
    held: row.held,
    worker: worker ?? null,
    stream,
    verification: verification
      ? {
          ok: verification.ok,
          ageSeconds: verification.ageSeconds,
          // What it was about is for gates, and long.
          detail: { ...verification.detail, identity: undefined },
        }
      : null,
    earlierVerification: verification ? null : ((await earlierVerification(control, row)) ?? null),
    pacts: pacts
      ? {
          ok: pacts.ok,
          ageSeconds: pacts.ageSeconds,
          monolith: pacts.detail.monolith === true,
          service: pacts.detail.service === true,
        }
      : null,
    shadow: readRoutes(definition).flatMap((route) =>
      shadow.filter((counts) => counts.route === route.name),
    ),
    reads: await readReferences(kit, definition),
    readBy: definition.data === 'reference' ? await readersOf(kit, definition) : [],
    traffic,
    sides,
    fence,
    deadLetters: letters?.open ?? null,
    deadLettersProblem: letters?.problem ?? null,
    ...asked,
    allowed:
      (row.stage === 'canary' || row.stage === 'service') && sides.monolith.recent.requests > 0
        ? allowedOf(sides.monolith.recent, gateSettings(definition))
        : null,
    facades: {
      alive: alive.length,
      gone: goneFacades(instances).length,
      // Of a context that nothing was done to yet there is nothing to know.
      otherPlan: otherPlans(definition, alive),
      behind: known ? alive.filter((instance) => instance.epoch !== row.epoch).length : 0,
    },
    standIn: standInsSeen(context, alive) ?? null,
    untold: (await untoldDeployment(kit, definition, row)) ?? null,
    working:
      lease && lease.expiresInSeconds > 0 ? { holder: lease.holder, move: lease.move } : null,
    nextMove: move,
    gates,
    nextCommand:
      out?.command ??
      fence?.command ??
      commandToGoOn(gates, nextCommand(context, row.stage, definition.data)) ??
      null,
    because: out?.why ?? (fence?.command ? 'what was written round the fence left no trace' : null),
  };
}

/** Where every context stands, or one. */
export async function status(kit: Toolkit, context?: string): Promise<ContextStatus[]> {
  const definitions =
    context === undefined
      ? [...(await kit.contexts()).values()].map((loaded) => loaded.definition)
      : [await kit.definition(context)];
  const all: ContextStatus[] = [];
  await kit.keepingConnections(async () => {
    for (const definition of definitions) all.push(await contextStatus(kit, definition));
  });
  return all;
}
