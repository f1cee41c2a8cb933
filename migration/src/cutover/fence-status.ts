import type { Client } from 'pg';
import { type FenceOpenings, readOpenings } from '../replica/fence-marks.ts';
import { readRefusals, type Refusals } from '../replica/refusals.ts';
import { fenceableTables, type FencedTable, rowFences } from './fence-tables.ts';
import { type FenceTriggers, isWhole, readFenceTriggers } from '../replica/fences.ts';

export interface FenceStatus extends Refusals {
  /** `partial`: some tables are open, or the tables stand in different modes: never intended, `recover` mends it. */
  readonly mode: 'none' | 'audit' | 'refuse' | 'partial';
  readonly owner: string | null;
  readonly tables: readonly FenceTriggers[];
  /** Tables of the mapping (with partitions) that have no fence. */
  readonly open: readonly string[];
  /** Tables of which an earlier release, or ENABLE TRIGGER, made the fence pass sessions in replica role. */
  readonly passesReplica: readonly string[];
  /** How it was stepped round since it was set; null: it is lifted, or was set before this release. */
  readonly openings: FenceOpenings | null;
}

/** What stands in this database for the context, compared with the tables that should have it. */
export async function fenceStatus(
  client: Client,
  context: string,
  tables: readonly FencedTable[],
): Promise<FenceStatus> {
  const standing = await readFenceTriggers(client, context);
  const wanted = await fenceableTables(client, tables);
  const open = wanted.filter(
    (table) =>
      !standing.some(
        (fence) =>
          isWhole(fence) &&
          (table.rows === undefined ||
            table.clone ||
            rowFences.every((trigger) => fence.triggers.includes(trigger))) &&
          fence.table.schema === table.schema &&
          fence.table.table === table.table,
      ),
  );
  const modes = new Set(standing.map((fence) => fence.mode));
  const [only] = modes;
  return {
    mode: only === undefined ? 'none' : modes.size === 1 && open.length === 0 ? only : 'partial',
    owner: standing[0]?.owner ?? null,
    tables: standing,
    open: open.map((table) => `${table.schema}.${table.table}`),
    passesReplica: standing
      .filter(({ mode, always }) => mode === 'refuse' && !always)
      .map(({ table }) => `${table.schema}.${table.table}`),
    openings: (await readOpenings(client, context)) ?? null,
    ...(await readRefusals(client, context)),
  };
}
