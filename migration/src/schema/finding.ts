import type { Side } from '@strangler-toolkit/plan';

/**
 * `stops`: the stream of the context stops at it. `asks`: a move is refused until the context file decides.
 * `rereads`: the worker reads the table again by itself. `passes`: nothing happens.
 */
export type Effect = 'stops' | 'asks' | 'rereads' | 'passes';

/** Expand: what only adds. Mapping: the context file, then the worker starts again. Contract: what takes away. */
export type Phase = 'expand' | 'mapping' | 'contract';
export const phases: readonly Phase[] = ['expand', 'mapping', 'contract'];

export interface OrderedStep {
  readonly phase: Phase;
  /** Whose schema it is; null: the context file. */
  readonly side: Side | null;
  readonly text: string;
}

export interface SchemaFinding {
  readonly effect: Effect;
  /** As the changed side's database names it; null: it concerns no single table. */
  readonly table: string | null;
  readonly column: string | null;
  /** Of the context file. */
  readonly line: string | null;
  readonly what: string;
  /** In the order in which to do them; the first is what to write first. */
  readonly steps: readonly OrderedStep[];
}

const ranks: readonly Effect[] = ['stops', 'asks', 'rereads', 'passes'];

/** The most serious first. */
export const bySeriousness = (left: SchemaFinding, right: SchemaFinding): number =>
  ranks.indexOf(left.effect) - ranks.indexOf(right.effect);

/** Whether the change may be applied as it is. */
export const mayBeApplied = (findings: readonly SchemaFinding[]): boolean =>
  findings.every(({ effect }) => effect !== 'stops' && effect !== 'asks');

/** One order for all of them: each step once, what adds first. */
export const inOrder = (findings: readonly SchemaFinding[]): readonly OrderedStep[] =>
  phases.flatMap((phase) => {
    const texts = new Map(
      findings.flatMap(({ steps }) =>
        steps.filter((step) => step.phase === phase).map((step) => [step.text, step] as const),
      ),
    );
    return [...texts.values()];
  });
