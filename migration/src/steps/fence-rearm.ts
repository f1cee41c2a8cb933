import {
  type MigrationDefinition,
  otherSide,
  type Side,
  StranglerError,
} from '@strangler-toolkit/plan';
import type { ContextRow } from '../control/index.ts';
import {
  contextTables,
  fenceStatus,
  installFence,
  requireSidesAgree,
  unfinishedMoves,
} from '../cutover/index.ts';
import { type FenceOpenings, noticeOpenings, readOpenings } from '../replica/fence-marks.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import { assertReplicated } from './fence.ts';
import { planned, type Step } from './step.ts';
import type { Toolkit } from './toolkit.ts';

export interface FenceRearmOptions {
  readonly context: string;
}

export interface FenceRearmResult extends FenceRearmOptions {
  /** The one that does not own. */
  readonly side: Side;
  readonly owner: Side;
  readonly tables: readonly string[];
  /** Mapped tables that nothing fenced. */
  readonly wereOpen: readonly string[];
  /** What is known of those who stepped round it. */
  readonly openings: FenceOpenings | null;
}

/** @throws StranglerError MOVE_NOT_ALLOWED */
async function fencedRow(kit: Toolkit, definition: MigrationDefinition): Promise<ContextRow> {
  assertReplicated(definition);
  const { context } = definition;
  const row = await kit.row(definition);
  if (row.stage === 'monolith')
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${context} is at stage monolith: nothing is fenced yet`,
    );
  if ((await unfinishedMoves(await kit.control(), context)).length > 0)
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `a move of ${context} did not end: its fences are its own`,
      { remedy: `A running worker finishes or undoes it: strangler status ${context}.` },
    );
  return row;
}

/**
 * The fence of the side that does not own, as this release sets it, whatever somebody did to it. What was verified before somebody
 * opened it stays void: to close a door says nothing about who came in.
 */
export const fenceRearm: Step<FenceRearmOptions, FenceRearmResult> = {
  async execute(kit, { context }) {
    const definition = await kit.definition(context);
    const control = await kit.control();
    return kit.withLease(context, 'fence rearm', async (lease) => {
      const { owner, epoch } = await fencedRow(kit, definition);
      await requireSidesAgree({ definition, control, ...kit.databaseUrls(definition) });
      const side = otherSide(owner);
      const tables = contextTables(definition)[side];
      await lease.check();
      return kit.withDatabase(definition, side, async (client) => {
        await installReplicaSchema(client);
        await installReplicaSchema(client, 'fences');
        await noticeOpenings(client, context);
        const { open: wereOpen } = await fenceStatus(client, context, tables);
        const set = await installFence(
          client,
          { context, tables, owner, mode: 'refuse' },
          { signal: kit.signal, note: { context, owner, epoch, startLsn: null } },
        );
        const openings = (await readOpenings(client, context)) ?? null;
        const result = { context, side, owner, tables: set.tables, wereOpen, openings };
        await control.journal.append({
          context,
          actor: kit.actor,
          step: 'fence-rearm',
          status: 'done',
          epoch,
          detail: {
            side,
            wereOpen,
            opened: openings?.opened ?? 0,
            noticed: openings?.noticed ?? [],
          },
        });
        return result;
      });
    });
  },
  async dryRun(kit, { context }) {
    const definition = await kit.definition(context);
    const { owner } = await fencedRow(kit, definition);
    const side = otherSide(owner);
    const tables = contextTables(definition)[side];
    return planned([
      {
        action: `set the fence of the ${side} anew, whatever somebody did to it`,
        detail: tables.map(({ schema, table }) => `${schema}.${table}`).join(', '),
      },
    ]);
  },
};
