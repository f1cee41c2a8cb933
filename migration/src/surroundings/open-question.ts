import type { Finding } from '@strangler-toolkit/plan';

/** Something around the mapped rows that only the people who run the monolith can decide. */
export interface OpenQuestion {
  /** What doctor calls it: `key products.id`, `foreign key order_lines_product_id_fkey`. */
  readonly about: string;
  readonly problem: string;
  /** The line of the context file that decides it. */
  readonly remedy: string;
}

/** What the gate `decisions` is told. */
export const decisionsFinding = (open: readonly OpenQuestion[]): Finding =>
  open.length === 0
    ? true
    : {
        problem: `${open.length} open: ${open.map(({ about, problem }) => `${about}: ${problem}`).join('; ')}`,
        remedy: open.map(({ remedy }) => remedy).join('\n'),
      };
