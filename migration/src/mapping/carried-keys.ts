import { type MigrationDefinition, otherSide, type Side } from '@strangler-toolkit/plan';
import { displayTable, parseTableName, type TableName } from '../database/identifiers.ts';
import type { CrossingKey } from './crossing-keys.ts';

/** Contexts on the other side of a border that `reads` lets rows refer across: what it reads, or who reads it. */
export const neighboursOf = (
  definition: MigrationDefinition,
  contexts: Iterable<MigrationDefinition>,
): MigrationDefinition[] =>
  [...contexts].filter(
    (other) =>
      definition.reads?.includes(other.context) === true ||
      other.reads?.includes(definition.context) === true,
  );

/** The monolith's table of each table that a context maps on one side. */
const mappedBy = (definition: MigrationDefinition, side: Side): Map<string, string> =>
  new Map(
    (definition.tables ?? []).flatMap(({ monolith, service }) => {
      const name = displayTable(parseTableName(monolith));
      return side === 'monolith'
        ? [[name, name] as const]
        : service.map(({ table }) => [displayTable(parseTableName(table)), name] as const);
    }),
  );

/**
 * The context that carries the end of a key which is not mapped here. Only where both sides have the key: then whoever writes is
 * held to it by its own database, and what it refers to comes by the other stream, a moment earlier or later. Undefined: nobody does.
 */
export function carriedBy(
  key: CrossingKey,
  keys: readonly CrossingKey[],
  definition: MigrationDefinition,
  neighbours: readonly MigrationDefinition[],
): string | undefined {
  const outside = (one: CrossingKey): TableName =>
    one[one.mapped === 'parent' ? 'child' : 'parent'];
  const ends = (one: CrossingKey, neighbour: MigrationDefinition): (string | undefined)[] => [
    mappedBy(definition, one.side).get(displayTable(one[one.mapped])),
    mappedBy(neighbour, one.side).get(displayTable(outside(one))),
  ];
  return neighbours.find((neighbour) => {
    const [own, theirs] = ends(key, neighbour);
    return (
      own !== undefined &&
      theirs !== undefined &&
      keys.some((other) => {
        if (other.side !== otherSide(key.side) || other.mapped !== key.mapped) return false;
        const [sameOwn, sameTheirs] = ends(other, neighbour);
        return sameOwn === own && sameTheirs === theirs;
      })
    );
  })?.context;
}
