import type { Finding } from '@strangler-toolkit/plan';
import type { FindingKind } from '../findings/kinds.ts';

/** Something around the mapped rows that only the people who run the monolith can decide, and nobody has. */
export interface OpenQuestion {
  readonly kind: FindingKind;
  /** What doctor calls it: `key products.id`, `foreign key order_lines.order_lines_product_id_fkey`. */
  readonly about: string;
  readonly decision: null;
  readonly problem: string;
  /** The line of the context file that decides it. */
  readonly remedy: string;
}

/** The same, decided. */
export interface Decided {
  readonly kind: FindingKind;
  readonly about: string;
  readonly decision: string;
}

export type Surrounding = OpenQuestion | Decided;

export const isOpen = (one: Surrounding): one is OpenQuestion => one.decision === null;

/** What the gate `decisions` is told. */
export function decisionsFinding(surroundings: readonly Surrounding[]): Finding {
  const open = surroundings.filter(isOpen);
  return open.length === 0
    ? true
    : {
        problem: `${open.length} open: ${open.map(({ about, problem }) => `${about}: ${problem}`).join('; ')}`,
        remedy: open.map(({ remedy }) => remedy).join('\n'),
      };
}
