import type { Side } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { orphansOf } from '../apply/watched-keys.ts';
import type { CrossingKey } from '../mapping/crossing-keys.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';

/** Rows that refer to nothing through a foreign key that crosses the border of the context's tables. */
export interface Orphans {
  readonly side: Side;
  /** `table.constraint`. */
  readonly foreignKey: string;
  readonly rows: number;
  /** The context file accepts them, or another context carries what they refer to. */
  readonly accepted: boolean;
}

/**
 * Where there are some. Each batch of changes leaves the keys whole, so a side that lags has none either; but for those of which
 * the other end is `carried` by a stream of its own, a moment earlier or later.
 */
export async function countOrphans(
  mapping: CompiledMapping,
  connections: Readonly<Record<Side, pg.Client>>,
  carried: (key: CrossingKey) => boolean = () => false,
): Promise<Orphans[]> {
  const found: Orphans[] = [];
  for (const key of mapping.crossing) {
    const { rows } = await connections[key.side].query<{ rows: string }>(
      `SELECT count(*) AS rows ${orphansOf(key)}`,
    );
    const count = Number(rows[0]?.rows ?? 0);
    if (count > 0)
      found.push({
        side: key.side,
        foreignKey: key.name,
        rows: count,
        accepted: key.decision?.onApply === 'accept' || (key.decision === null && carried(key)),
      });
  }
  return found;
}
