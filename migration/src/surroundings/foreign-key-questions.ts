import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { displayTable } from '../database/identifiers.ts';
import { carriedBy } from '../mapping/carried-keys.ts';
import type { CrossingKey } from '../mapping/crossing-keys.ts';
import type { Surrounding } from './surrounding.ts';

/** What a crossing key says, for people. */
const describeKey = (key: CrossingKey): string =>
  `${displayTable(key.child)} (${key.child.columns.join(', ')}) refers to ${displayTable(key.parent)} ` +
  `(${key.parent.columns.join(', ')}) on the ${key.side}, ON DELETE ${key.onDelete.toUpperCase()}, ` +
  `ON UPDATE ${key.onUpdate.toUpperCase()}`;

const consequence = (key: CrossingKey): string => {
  const writer = key.side === 'monolith' ? 'service' : 'monolith';
  return key.mapped === 'parent'
    ? `a row that the ${writer} deletes is deleted here without that: rows would refer to nothing`
    : `a row that the ${writer} writes comes in without a look whether ${displayTable(key.parent)} has what it refers to`;
};

/** Whether rows are ever applied to the tables of that side. */
const isApplied = ({ side }: CrossingKey, { data }: MigrationDefinition): boolean =>
  side === 'service' || data !== 'reference';

/**
 * Every foreign key that crosses the border, with its decision; and decisions about keys that are not there. `neighbours`: the
 * contexts that this one reads, or that read it.
 */
export function foreignKeySurroundings(
  keys: readonly CrossingKey[],
  definition: MigrationDefinition,
  neighbours: readonly MigrationDefinition[] = [],
): Surrounding[] {
  const line = (side: string, name: string): string =>
    `contexts/${definition.context}: foreignKeys.${side}['${name}']`;
  const applied = keys.filter((key) => isApplied(key, definition));
  const found = applied.map((key): Surrounding => {
    const about = `foreign key ${key.name}`;
    const open = { kind: 'foreign key' as const, about, decision: null };
    const carrier =
      key.decision === null ? carriedBy(key, keys, definition, neighbours) : undefined;
    if (carrier !== undefined)
      return {
        kind: 'foreign key',
        about,
        decision: `both ends are carried, the other one by context ${carrier} (${describeKey(key)})`,
      };
    if (key.decision === null)
      return {
        ...open,
        problem: `${describeKey(key)}; ${consequence(key)}`,
        remedy:
          `${line(key.side, key.name)}: { onApply: ` +
          `${key.mapped === 'parent' ? "'carry-out' (do what the key says), " : ''}'park' (the change waits as a dead letter) ` +
          `or 'accept', reason: '…' }`,
      };
    if (key.decision.onApply === 'carry-out' && key.childStreamed)
      return {
        ...open,
        kind: 'foreign key streamed',
        problem:
          `${describeKey(key)}; ${displayTable(key.child)} is streamed to another service, which would not learn of what is ` +
          `carried out here: streams leave out what replication wrote`,
        remedy: `${line(key.side, key.name)}: choose 'park' or 'accept'`,
      };
    return {
      kind: 'foreign key',
      about,
      decision: `${key.decision.onApply}: ${key.decision.reason} (${describeKey(key)})`,
    };
  });
  const unknown = (['monolith', 'service'] as const).flatMap((side) =>
    Object.keys(definition.foreignKeys?.[side] ?? {})
      .filter((name) => !applied.some((key) => key.side === side && key.name === name))
      .map((name): Surrounding => ({
        kind: 'foreign key unknown',
        about: `foreign key ${name}`,
        decision: null,
        problem: `the ${side} has no such key that crosses the border of this context`,
        remedy: `Mend or remove ${line(side, name)}`,
      })),
  );
  return [...found, ...unknown];
}
