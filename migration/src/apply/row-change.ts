import type { ChangeEvent, ColumnText } from '../stream/change-event.ts';
import type { EncodedRow } from '../stream/encoded-row.ts';

export type LogicalRow = Readonly<Record<string, ColumnText>>;

interface KeyedChange {
  /** Index of the mapping's table. */
  readonly table: number;
  readonly key: LogicalRow;
  /** Commit position: changes of one transaction may be folded into one. */
  readonly transaction: bigint;
  /** What it was made of, for the dead letters. */
  readonly events: readonly ChangeEvent[];
}

/**
 * A change of one row in the monolith's terms, whichever side it comes from. In the other direction several service tables
 * hold parts of one such row.
 */
export type RowChange =
  /**
   * The row as a whole: inserted, or replaced when it is there. `fresh`: it was deleted before, so nothing of it remains.
   * `created`: the source made it, so nothing is expected to be there. `encoded`: `row` as it came.
   */
  | (KeyedChange & {
      readonly kind: 'put';
      readonly row: LogicalRow;
      readonly fresh: boolean;
      readonly created?: boolean | undefined;
      readonly encoded?: EncodedRow;
    })
  /** Some columns of a row that must be there, unless `lenient`. */
  | (KeyedChange & { readonly kind: 'patch'; readonly row: LogicalRow; readonly lenient: boolean })
  | (KeyedChange & { readonly kind: 'delete' })
  | (KeyedChange & {
      readonly kind: 'rekey';
      readonly oldKey: LogicalRow;
      readonly row: LogicalRow;
      readonly complete: boolean;
      /** The row need not be there. */
      readonly lenient?: boolean;
    })
  /** An event that the mapping cannot carry. `oldKey`: it changed the key. */
  | (KeyedChange & {
      readonly kind: 'invalid';
      readonly oldKey?: LogicalRow;
      readonly error: Error;
    })
  | {
      readonly kind: 'truncate';
      readonly table: number;
      readonly transaction: bigint;
      readonly events: readonly ChangeEvent[];
    }
  /** The service truncated a secondary part: its columns become NULL everywhere. */
  | {
      readonly kind: 'clear';
      readonly table: number;
      readonly columns: readonly string[];
      readonly transaction: bigint;
      readonly events: readonly ChangeEvent[];
    };

export type KeyedRowChange = Exclude<RowChange, { kind: 'truncate' | 'clear' }>;
export type Put = Extract<RowChange, { kind: 'put' }>;
export type FoldableChange = Extract<RowChange, { kind: 'put' | 'patch' | 'delete' }>;

export const isKeyed = (change: RowChange): change is KeyedRowChange =>
  change.kind !== 'truncate' && change.kind !== 'clear';
export const isFoldable = (change: RowChange): change is FoldableChange =>
  change.kind === 'put' || change.kind === 'patch' || change.kind === 'delete';

/**
 * One text per row, the same whichever way its key was read: column order differs between events and jsonb. Lengths keep the
 * values of several columns apart.
 */
export function keyText(table: number, key: LogicalRow): string {
  const columns = Object.keys(key);
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) return `${table}:${valueText(key[only])}`;
  return `${table}:${columns
    .sort()
    .map((column) => valueText(key[column]))
    .join('')}`;
}

const valueText = (value: ColumnText | undefined): string =>
  value === null || value === undefined ? '-' : `${value.length}:${value}`;

/**
 * Every key that a change touches: two for a change of the key itself. `spaces`: by mapping, whose keys are those of another one
 * (`rowSpaces`).
 */
export function touchedKeys(change: KeyedRowChange, spaces: readonly number[] = []): string[] {
  const space = spaces[change.table] ?? change.table;
  return 'oldKey' in change && change.oldKey !== undefined
    ? [keyText(space, change.oldKey), keyText(space, change.key)]
    : [keyText(space, change.key)];
}
