import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { describeCollation, sameOrder } from '../database/collation.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { mappedColumns } from './mapped-columns.ts';
import type { Surrounding } from './surrounding.ts';

const shownColumns = 5;

/** Columns by how both sides sort them, where they do it differently. */
function otherOrders(mapping: CompiledMapping): Map<string, string[]> {
  const pairs = new Map<string, string[]>();
  for (const { name, link, monolith, service } of mappedColumns(mapping)) {
    const [here, there] = [monolith.collation, service.collation];
    if (link.conversion !== null || here === undefined || there === undefined) continue;
    if (sameOrder(here, there)) continue;
    const pair = `by ${describeCollation(here)} on the monolith and by ${describeCollation(there)} on the service`;
    pairs.set(pair, [...(pairs.get(pair) ?? []), name]);
  }
  return pairs;
}

/** No row differs for it, but ORDER BY, ranges and the first of a list do. */
export function sortingSurroundings(
  mapping: CompiledMapping,
  definition: MigrationDefinition,
): Surrounding[] {
  const told = [...otherOrders(mapping)].map(([pair, columns]) => {
    const more = columns.length - shownColumns;
    return `${columns.slice(0, shownColumns).join(', ')}${more > 0 ? ` and ${more} more` : ''} ${pair}`;
  });
  if (told.length === 0) return [];
  const [about, kind] = ['sorting of texts', 'sorting' as const];
  const problem = `sorted are ${told.join('; ')}`;
  if (definition.sorting)
    return [{ kind, about, decision: `${definition.sorting.reason} (${problem})` }];
  return [
    {
      kind,
      about,
      decision: null,
      problem: `${problem}: ORDER BY and comparisons of texts (<, BETWEEN) answer differently`,
      remedy:
        'Give both columns or databases the same collation (COLLATE "C" is the same everywhere), or ' +
        `contexts/${definition.context}: sorting: { reason: 'why another order does no harm' }`,
    },
  ];
}
