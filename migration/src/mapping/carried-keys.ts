import { type MigrationDefinition, otherSide } from '@strangler-toolkit/plan';
import type { CrossingKey } from './crossing-keys.ts';
import { endsIn, implies, type MappedEnd } from './tied-rows.ts';

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

interface Ends {
  readonly child: MappedEnd;
  readonly parent: MappedEnd;
}

/** Both ends of a key, one of them mapped by the neighbour. Undefined: it does not, or a column is not carried. */
function endsOf(
  key: CrossingKey,
  definition: MigrationDefinition,
  neighbour: MigrationDefinition,
): Ends | undefined {
  const [ofChild, ofParent] =
    key.mapped === 'child' ? [definition, neighbour] : [neighbour, definition];
  const [child] = endsIn(ofChild, key.side, key.child);
  const [parent] = endsIn(ofParent, key.side, key.parent);
  return child !== undefined &&
    parent !== undefined &&
    [...child.columns, ...parent.columns].every((name) => name !== undefined)
    ? { child, parent }
    : undefined;
}

/** The key as the monolith would name it, whichever side it is of. */
const inMonolithsNames = ({ child, parent }: Ends): string =>
  JSON.stringify([
    child.table,
    parent.table,
    child.columns.map((name, index) => JSON.stringify([name, parent.columns[index]])).toSorted(),
  ]);

/**
 * The context that carries the end of a key which is not mapped here. Only where both sides have the key: then whoever writes is
 * held to it by its own database, and what it refers to comes by the other stream, a moment earlier or later. What a condition
 * leaves out would never come. Undefined: nobody does.
 */
export function carriedBy(
  key: CrossingKey,
  keys: readonly CrossingKey[],
  definition: MigrationDefinition,
  neighbours: readonly MigrationDefinition[],
): string | undefined {
  return neighbours.find((neighbour) => {
    const ends = endsOf(key, definition, neighbour);
    return (
      ends !== undefined &&
      implies(ends.child, ends.parent) &&
      keys.some((other) => {
        if (other.side !== otherSide(key.side) || other.mapped !== key.mapped) return false;
        const same = endsOf(other, definition, neighbour);
        return same !== undefined && inMonolithsNames(same) === inMonolithsNames(ends);
      })
    );
  })?.context;
}
