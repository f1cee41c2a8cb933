import { arrayElement } from './array-literal.ts';
import type { LogicalRow } from './row-change.ts';
import { inputValue, type TargetInput } from './write-target.ts';

/** Rows that say something of the same columns of a table: one array per column, as PostgreSQL reads it. */
export interface RowGroup {
  readonly columns: readonly string[];
  readonly arrays: readonly string[];
  readonly rows: number;
}

/** Groups rows by the columns that they hold, and turns them into arrays in the same pass: this is where applying spends its time. */
export function groupRows(inputs: readonly TargetInput[], rows: readonly LogicalRow[]): RowGroup[] {
  const whole = new GroupBuilder(inputs);
  const others = new Map<string, GroupBuilder>();
  for (const row of rows) {
    if (holdsAll(inputs, row)) {
      whole.add(row);
      continue;
    }
    const held = inputs.filter(({ from }) => row[from] !== undefined);
    const name = held.map(({ column }) => column).join('\n');
    let group = others.get(name);
    if (group === undefined) others.set(name, (group = new GroupBuilder(held)));
    group.add(row);
  }
  return [whole, ...others.values()].filter(({ rows: count }) => count > 0).map((group) => group.build());
}

function holdsAll(inputs: readonly TargetInput[], row: LogicalRow): boolean {
  for (const { from } of inputs) if (row[from] === undefined) return false;
  return true;
}

class GroupBuilder {
  readonly #inputs: readonly TargetInput[];
  readonly #elements: string[][];
  rows = 0;

  constructor(inputs: readonly TargetInput[]) {
    this.#inputs = inputs;
    this.#elements = inputs.map(() => []);
  }

  add(row: LogicalRow): void {
    this.rows += 1;
    for (let index = 0; index < this.#inputs.length; index += 1) {
      const input = this.#inputs[index];
      if (input !== undefined) this.#elements[index]?.push(arrayElement(inputValue(input, row) ?? null));
    }
  }

  build(): RowGroup {
    return { columns: this.#inputs.map(({ column }) => column), arrays: this.#elements.map((elements) => `{${elements.join(',')}}`), rows: this.rows };
  }
}
