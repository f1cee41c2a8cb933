import type pg from 'pg';
import { quoteIdentifier } from '../../database/identifiers.ts';
import { isInfinite } from './decode/times.ts';
import type { JsonRow } from './decode/envelope.ts';
import type { ReadChange } from './kafka-change.ts';
import { askSource, setText } from './source-rows.ts';
import type { TableShape } from './table-shape.ts';

/**
 * A late time without a fraction of a second comes as infinity, also when its row goes. Where the source has a row with infinity
 * that was written before this change, it was not the one that went: it stays, as it is now. (One that was written again since has
 * an event of its own behind this.)
 */
export async function readWhatStays(
  client: pg.Client,
  shape: TableShape,
  changes: readonly ReadChange[],
): Promise<void> {
  const { key, times, wanted } = shape.again;
  const names = key.flatMap(({ name }) => (times.includes(name) ? name : []));
  const gone = changes.flatMap((change) => {
    const { before, after, xid } = change.envelope;
    if (before === null || after !== null || xid === null) return [];
    return names.some((name) => isInfinite(before[name]))
      ? [{ change, row: before, more: { x: String(xid % 2 ** 32) } }]
      : [];
  });
  if (gone.length === 0) return;
  const found = await askSource(client, shape, gone, {
    select: wanted.map((name) => `t.${quoteIdentifier(name)}`),
    more: ['x'],
    where: 'age(t.xmin) > age(k.x::xid)',
  });
  for (const [n, ...values] of found) {
    const row: JsonRow = {};
    wanted.forEach((name, index) => setText(row, name, values[index] ?? null));
    const change = gone[Number(n)]?.change;
    if (change !== undefined) change.stays = row;
  }
}
