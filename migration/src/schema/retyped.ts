import { type Direction, otherSide, sourceOf } from '@strangler-toolkit/plan';
import type { ChangedType } from '../mapping/changed-types.ts';
import type { SchemaFinding } from './finding.ts';
import type { SchemaChange } from './change.ts';
import { placeOf } from './place.ts';

/** A mapped column whose type became one that the other side does not take, or that does not take the other side's. */
export function retyped(
  { definition, side }: SchemaChange,
  { line, source, target }: ChangedType,
  direction: Direction,
): SchemaFinding {
  const place = placeOf(definition, line);
  const [changed, other] = sourceOf(direction) === side ? [source, target] : [target, source];
  const widened = sourceOf(direction) === side;
  return {
    effect: 'stops',
    table: place.table[side],
    column: place.column[side],
    line,
    what:
      `${changed.name} becomes ${changed.type} (was ${changed.was}), ` +
      (widened
        ? `which ${other.name} (${other.type}) of the ${otherSide(side)} does not take`
        : `which does not take what ${other.name} (${other.type}) of the ${otherSide(side)} may hold`),
    steps: widened
      ? [
          {
            phase: 'expand',
            side: otherSide(side),
            text: `Give ${other.name} a type that takes ${changed.type}`,
          },
          { phase: 'contract', side, text: `Change ${changed.name} to ${changed.type}` },
        ]
      : [
          {
            phase: 'contract',
            side: otherSide(side),
            text: `Narrow ${other.name} to what ${changed.type} takes`,
          },
          { phase: 'contract', side, text: `Change ${changed.name} to ${changed.type}` },
        ],
  };
}
