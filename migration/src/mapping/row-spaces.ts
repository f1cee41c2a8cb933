import type { Side } from '@strangler-toolkit/plan';
import { type CompiledMapping, tableName, tablesOn } from './compiled-mapping.ts';

type Tables = Pick<CompiledMapping, 'tables'>;

/**
 * Per mapping the index of the first one that has a table in common with it, on either side: a row of such a table may pass from
 * one mapping to the other, so what waits of it waits in all of them.
 */
export function rowSpaces({ tables }: Tables): readonly number[] {
  const names = tables.map((table) => [
    ...tablesOn(table, 'monolith').map((one) => `monolith ${tableName(one)}`),
    ...tablesOn(table, 'service').map((one) => `service ${tableName(one)}`),
  ]);
  const spaces = names.map((_own, index) => index);
  for (const [index, own] of names.entries())
    for (const [earlier, theirs] of names.slice(0, index).entries()) {
      if (!own.some((name) => theirs.includes(name))) continue;
      const [joined = index, from = index] = [spaces[earlier], spaces[index]].toSorted(
        (one = 0, other = 0) => one - other,
      );
      spaces.forEach((space, at) => {
        if (space === from) spaces[at] = joined;
      });
    }
  return spaces;
}

/** Whether several mappings write one table of a side. */
export function sharesTables({ tables }: Tables, side: Side): boolean {
  const names = tables.flatMap((table) => tablesOn(table, side).map(tableName));
  return new Set(names).size < names.length;
}
