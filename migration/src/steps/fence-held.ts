import {
  type MigrationDefinition,
  otherSide,
  type Side,
  replicates,
} from '@strangler-toolkit/plan';
import type { ContextRow, Control } from '../control/index.ts';
import { contextTables, fenceStatus } from '../cutover/index.ts';
import { type FenceOpenings, readOpenings } from '../replica/fence-marks.ts';
import type { Toolkit } from './toolkit.ts';

/** How the fence of the side that does not own was stepped round since it was set. */
export interface FenceOpened {
  readonly side: Side;
  readonly opened: number;
  readonly since: string;
  readonly noticed: readonly string[];
  /** Everything was compared afterwards. */
  readonly verified: boolean;
  /** What to type now; null: nothing. */
  readonly command: string | null;
}

/** How the fence of the side that does not own was held; undefined: its database cannot be asked, which others tell. */
export async function fenceHeldSince(
  kit: Toolkit,
  definition: MigrationDefinition,
  row: ContextRow,
): Promise<{ side: Side; openings: FenceOpenings; verified: boolean } | undefined> {
  const side = otherSide(row.owner);
  // asked for itself: a table that cannot be fenced hides nothing of it
  const openings = await kit
    .withDatabase(definition, side, (client) => readOpenings(client, definition.context))
    .catch(() => undefined);
  if (openings === undefined) return undefined;
  const verified = await verifiedAfter(await kit.control(), row, openings.opened);
  return { side, openings, verified };
}

/** A clean verification of this epoch that knew of all that. */
async function verifiedAfter(control: Control, row: ContextRow, opened: number): Promise<boolean> {
  const evidence = await control.evidence.latest(row.context, 'verification', row.epoch);
  const { identity } = evidence?.detail ?? {};
  if (!evidence?.ok || typeof identity !== 'object' || identity === null) return false;
  const fence: unknown = Reflect.get(identity, 'fence');
  return typeof fence === 'object' && fence !== null && Reflect.get(fence, 'opened') === opened;
}

/** Null: nobody opened it, or its database cannot be asked, which others tell. */
export async function fenceOpened(
  kit: Toolkit,
  definition: MigrationDefinition,
  row: ContextRow,
): Promise<FenceOpened | null> {
  if (!replicates(definition.data) || row.stage === 'monolith') return null;
  const held = await fenceHeldSince(kit, definition, row);
  if (held === undefined || held.openings.opened === 0) return null;
  const { side, verified } = held;
  const { opened, since, noticed } = held.openings;
  const command = verified ? null : await toCompare(kit, definition, side);
  return { side, opened, since, noticed, verified, command };
}

/** A fence that is open still is shut first. */
async function toCompare(
  kit: Toolkit,
  definition: MigrationDefinition,
  side: Side,
): Promise<string> {
  const { context } = definition;
  const fence = await kit
    .withDatabase(definition, side, (client) =>
      fenceStatus(client, context, contextTables(definition)[side]),
    )
    .catch(() => null);
  const shut = fence?.mode === 'refuse' && fence.passesReplica.length === 0;
  return shut ? `strangler verify ${context}` : `strangler fence rearm ${context}`;
}
