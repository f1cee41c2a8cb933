import { type MigrationDefinition, otherSide, type Side } from '@strangler-toolkit/plan';
import type { ContextRow, Control } from '../control/index.ts';
import { contextTables, fenceStatus } from '../cutover/index.ts';
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

/** A clean verification of this epoch that knew of all that. */
export async function verifiedAfter(
  control: Control,
  row: ContextRow,
  opened: number,
): Promise<boolean> {
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
  if (definition.data !== 'replicated' || row.stage === 'monolith') return null;
  const { context } = definition;
  const side = otherSide(row.owner);
  const fence = await kit
    .withDatabase(definition, side, (client) =>
      fenceStatus(client, context, contextTables(definition)[side]),
    )
    .catch(() => null);
  const { opened, since, noticed } = fence?.openings ?? { opened: 0, since: '', noticed: [] };
  if (fence === null || opened === 0) return null;
  const verified = await verifiedAfter(await kit.control(), row, opened);
  const shut = fence.mode === 'refuse' && fence.passesReplica.length === 0;
  const next = shut ? `strangler verify ${context}` : `strangler fence rearm ${context}`;
  return { side, opened, since, noticed, verified, command: verified ? null : next };
}
