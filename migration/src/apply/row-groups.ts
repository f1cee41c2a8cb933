import type { ColumnText } from '../stream/change-event.ts';
import type { LogicalRow } from './row-change.ts';
import { inputValue, type TargetInput } from './write-target.ts';

/** Rows that say something of the same columns of a table: what one statement can write. */
export interface RowGroup {
  readonly inputs: readonly TargetInput[];
  readonly rows: readonly LogicalRow[];
}

export function groupRows(inputs: readonly TargetInput[], rows: readonly LogicalRow[]): RowGroup[] {
  const whole: LogicalRow[] = [];
  const others = new Map<
    string,
    { readonly inputs: readonly TargetInput[]; readonly rows: LogicalRow[] }
  >();
  for (const row of rows) {
    if (holdsAll(inputs, row)) {
      whole.push(row);
      continue;
    }
    const held = inputs.filter(({ from }) => row[from] !== undefined);
    const name = held.map(({ column }) => column).join('\n');
    let group = others.get(name);
    if (group === undefined) others.set(name, (group = { inputs: held, rows: [] }));
    group.rows.push(row);
  }
  return whole.length === 0 ? [...others.values()] : [{ inputs, rows: whole }, ...others.values()];
}

function holdsAll(inputs: readonly TargetInput[], row: LogicalRow): boolean {
  for (const { from } of inputs) if (row[from] === undefined) return false;
  return true;
}

export const columnsOf = ({ inputs }: RowGroup): string[] => inputs.map(({ column }) => column);

/** The values of one of the group's columns, as the target takes them. */
export function valuesOf({ rows }: RowGroup, input: TargetInput): ColumnText[] {
  const values: ColumnText[] = [];
  for (const row of rows) values.push(inputValue(input, row) ?? null);
  return values;
}
