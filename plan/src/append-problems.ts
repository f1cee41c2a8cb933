import { apart } from './apart.ts';
import type { MigrationDefinition, TableMapping } from './migration.ts';
import type { InFile, Problem } from './one-way-problems.ts';
import { isOneWay } from './stages.ts';
import type { RowCondition, TargetTable } from './table-mapping.ts';

/** `items` and `public.items` are one table. */
const qualified = (table: string): string => (table.includes('.') ? table : `public.${table}`);
const placeOf = (side: { readonly database?: unknown }, table: string): string =>
  `${JSON.stringify(side.database)} ${qualified(table)}`;

/** A condition in the service's names; undefined: a column of it is not carried as it is, or by several tables. */
export function inServiceNames({ where, service }: TableMapping): RowCondition | undefined {
  const [part, ...more] = service;
  if (where === undefined || more.length > 0) return undefined;
  const renamed = Object.entries(where).map(([column, values]) => {
    const to = part.columns[column];
    const name = to && plainName(to);
    return name === undefined ? undefined : ([name, values] as const);
  });
  return renamed.includes(undefined)
    ? undefined
    : Object.fromEntries(renamed.filter((pair) => pair !== undefined));
}

/** Of a column that is carried as it is. */
const plainName = (mapping: TargetTable['columns'][string]): string | undefined => {
  if (typeof mapping === 'string') return mapping;
  const { to, ...how } = mapping;
  return Object.values(how).every((said) => said === undefined) ? to : undefined;
};

/** Of one table that both sides write. */
export function appendProblems(
  { context, data }: MigrationDefinition,
  table: TableMapping,
  field: string,
): Problem[] {
  if (table.append === undefined) return [];
  const at = `${field}.append`;
  if (data !== 'reference')
    return [
      {
        field: at,
        message: `is for data: 'reference': each side's rows travel by a context of their own`,
      },
    ];
  if (table.append === context)
    return [
      {
        field: at,
        message: "must name the context by which the other side's rows come back, not this one",
      },
    ];
  if (table.where === undefined)
    return [
      {
        field: at,
        message:
          'needs where: what the key of a row holds that the monolith wrote, so that no two rows share one',
      },
    ];
  if (inServiceNames(table) === undefined)
    return [
      {
        field: `${field}.where`,
        message:
          'must name columns that one service table takes as they are: by them both sides know whose a row is',
      },
    ];
  return [];
}

interface Way {
  readonly one: InFile;
  readonly table: TableMapping;
  readonly at: string;
  readonly from: string;
  readonly to: string;
}

const waysOf = (contexts: readonly InFile[]): Way[] =>
  contexts.flatMap((one) =>
    isOneWay(one.definition.data)
      ? (one.definition.tables ?? []).flatMap((table, index) =>
          table.service.map((part) => ({
            one,
            table,
            at: `${one.file}: tables[${index}]`,
            from: placeOf(one.definition.monolith, table.monolith),
            to: placeOf(one.definition.service, part.table),
          })),
        )
      : [],
  );

/** Why a table that both sides write would not stay alike: nobody carries it back, or both sides may make one key. */
function pairProblem({ one, table, from, to }: Way, ways: readonly Way[]): string | undefined {
  const back = ways.find(
    (way) => way.one.definition.context === table.append && way.from === to && way.to === from,
  );
  if (back === undefined)
    return `"${table.append}" is no reference of this folder that carries ${to} to ${from}`;
  if (back.table.append !== one.definition.context)
    return `"${table.append}" carries its rows back, and does not say so: append: '${one.definition.context}'`;
  const [ours, theirs] = [inServiceNames(table), back.table.where];
  return ours !== undefined && theirs !== undefined && !apart(ours, theirs)
    ? `"${table.append}" carries rows back that meet this condition too: one row would have two writers`
    : undefined;
}

/** A cutover would fence the whole table on one side. */
function ownedProblem({ table, from }: Way, contexts: readonly InFile[]): string | undefined {
  const owner = contexts.find(
    ({ definition: { data, monolith, tables = [] } }) =>
      !isOneWay(data) && tables.some((one) => placeOf(monolith, one.monolith) === from),
  );
  return (
    owner &&
    `is not for "${table.monolith}", which ${owner.file} maps: a table that changes its owner has one writer`
  );
}

/** Tables that both sides write, and rows that would go in circles because nobody said so. */
export function mergeProblems(contexts: readonly InFile[]): string[] {
  const ways = waysOf(contexts);
  const lines: string[] = [];
  for (const way of ways) {
    const { at, table } = way;
    if (table.append !== undefined) {
      const problem = pairProblem(way, ways) ?? ownedProblem(way, contexts);
      if (problem !== undefined) lines.push(`${at}.append ${problem}`);
    } else if (comesBack(way, ways))
      lines.push(
        `${at}.monolith "${table.monolith}" gets back what goes out of it, in a circle: where both sides write a table, give each ` +
          'direction where and append (docs/guide/both-write.md)',
      );
  }
  return lines;
}

/** Follows rows from where they arrive; ways whose rows are kept apart lead nowhere. */
function comesBack({ from, to }: Way, ways: readonly Way[]): boolean {
  const seen = new Set<string>();
  const next = [to];
  for (let place = next.pop(); place !== undefined; place = next.pop()) {
    if (place === from) return true;
    if (seen.has(place)) continue;
    seen.add(place);
    for (const way of ways)
      if (way.from === place && way.table.append === undefined) next.push(way.to);
  }
  return false;
}
