import { randomUUID } from 'node:crypto';
import {
  bothSides,
  type MigrationDefinition,
  StranglerError,
  replicates,
  storedKind,
} from '@strangler-toolkit/plan';
import type { ContextRow, Lease } from '../control/index.ts';
import { contextTables, recoverUnderLease, unfinishedMoves } from '../cutover/index.ts';
import { planRestore, type RestorePlan } from '../ownership/plan-restore.ts';
import { readNotes } from '../ownership/require-agreement.ts';
import { readMoveNumber } from '../replica/move-guards.ts';
import type { SideNotes } from '../ownership/judge-owners.ts';
import { planned, type Step } from './step.ts';
import type { Toolkit } from './toolkit.ts';

export interface ControlRestoreOptions {
  readonly context: string;
}

export interface ControlRestoreResult {
  readonly context: string;
  /** `null`: the control database knew all that the data databases know. */
  readonly restored: RestorePlan | null;
  readonly before: Pick<ContextRow, 'owner' | 'epoch' | 'stage'>;
}

const look = async (kit: Toolkit, definition: MigrationDefinition): Promise<SideNotes> =>
  kit.withDatabase(definition, 'monolith', (monolith) =>
    kit.withDatabase(definition, 'service', (service) =>
      readNotes(
        definition.context,
        { monolith: async () => monolith, service: async () => service },
        10_000,
      ),
    ),
  );

function assertReplicated(definition: MigrationDefinition): void {
  if (!replicates(definition.data))
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${definition.context} has data '${definition.data}': only its flags say where it stands`,
    );
}

/** Numbers that the data databases have seen must never be given out again: their guards would refuse every move. */
async function highestNumber(kit: Toolkit, definition: MigrationDefinition): Promise<string> {
  const numbers = await Promise.all(
    bothSides.map((side) =>
      kit.withDatabase(definition, side, (client) => readMoveNumber(client, definition.context)),
    ),
  );
  return String(numbers.reduce((highest, number) => (number > highest ? number : highest), 0n));
}

/** The move that the control database forgot is told again, and its steps after the flip are done again: all are idempotent. */
async function takeOver(
  kit: Toolkit,
  definition: MigrationDefinition,
  plan: RestorePlan,
  lease: Lease,
): Promise<void> {
  const control = await kit.control();
  const { context } = definition;
  const kind = plan.owner === 'service' ? ('cutover' as const) : ('rollback' as const);
  const open = await unfinishedMoves(control, context);
  const same = open.find((move) => move.kind === kind && move.epoch === plan.epoch - 1);
  const moveId = same?.moveId ?? randomUUID();
  const tables = contextTables(definition);
  const [from, to] =
    kind === 'cutover' ? [tables.monolith, tables.service] : [tables.service, tables.monolith];
  const entry = { actor: kit.actor, epoch: plan.epoch - 1 };
  const detail = { move: kind, from, to, sourceFence: 'none', restored: true };
  await control.contexts.restore({
    ...plan,
    context,
    leaseToken: lease.token,
    numbersFrom: await highestNumber(kit, definition),
    journal: [
      ...open
        .filter((move) => move !== same)
        .map((move) => ({
          ...entry,
          moveId: move.moveId,
          step: 'move',
          status: 'aborted' as const,
          detail: { restored: true },
        })),
      ...(same === undefined && plan.epoch > 1
        ? [{ ...entry, moveId, step: 'move', status: 'started' as const, detail }]
        : []),
      ...(plan.epoch > 1
        ? [
            {
              ...entry,
              moveId,
              step: 'flip',
              status: 'done' as const,
              detail: { ...plan, restored: true },
            },
          ]
        : []),
      {
        actor: kit.actor,
        epoch: plan.epoch,
        step: 'control-restore',
        status: 'done',
        detail: { ...plan },
      },
    ],
  });
}

/**
 * Owner and epoch as both data databases remember them, back into a control database that went back to an earlier state. Only
 * ever forward: what the control database knows better stays.
 */
export const controlRestore: Step<ControlRestoreOptions, ControlRestoreResult> = {
  async execute(kit, { context }) {
    const definition = await kit.definition(context);
    assertReplicated(definition);
    const control = await kit.control();
    const before = await control.contexts.register(context, storedKind(definition.data));
    const restored = await kit.withLease(context, 'control restore', async (lease) => {
      const plan = planRestore(await kit.row(definition), await look(kit, definition));
      if (plan === null) return null;
      await takeOver(kit, definition, plan, lease);
      const end = await recoverUnderLease(
        {
          definition,
          control,
          ...kit.databaseUrls(definition),
          transport: kit.transport(definition),
          actor: kit.actor,
        },
        lease,
      );
      // The worker tries again what could not be done now; owner and epoch are right already.
      if (end.outcome === 'unfinished')
        kit.tell('restore', `left for the worker: ${end.error.message}`, 'note');
      return plan;
    });
    return { context, restored, before };
  },
  async dryRun(kit, { context }) {
    const definition = await kit.definition(context);
    assertReplicated(definition);
    const row = await kit.row(definition);
    const notes = await look(kit, definition);
    const told = bothSides.map((side) => {
      const note = notes[side];
      return {
        action: `the ${side}'s database says`,
        detail: note === 'unknown' ? 'nothing' : `${note.owner}, epoch ${note.epoch}`,
      };
    });
    const plan = planRestore(row, notes);
    return planned([
      {
        action: 'the control database says',
        detail: `${row.owner}, epoch ${row.epoch}, stage ${row.stage}`,
      },
      ...told,
      plan === null
        ? 'nothing to restore: the control database knows all of it'
        : {
            action: 'set owner, epoch and stage in the control database',
            detail: `${plan.owner}, epoch ${plan.epoch}, stage ${plan.stage}`,
          },
      ...(plan === null
        ? []
        : [`finish the move to the ${plan.owner}: its tables open, the other side's fenced`]),
    ]);
  },
};
