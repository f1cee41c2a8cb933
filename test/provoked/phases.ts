import { contracts } from './contracts.ts';
import type { Failure } from './failure.ts';
import { barred } from './moves.ts';
import type { Stack } from './stack.ts';
import { backUpControl } from './night.ts';
import { typed } from './typed.ts';
import { databases, evidence, facades, sides, streams } from './while-monolith-owns.ts';
import { withUnleash } from './with-unleash.ts';
import { afterCutover, afterGoingBack, goBack } from './while-service-owns.ts';

interface Phase {
  readonly name: string;
  /** From the phase before. */
  readonly begin: (stack: Stack) => Promise<void>;
  readonly failures: readonly Failure[];
}

/** The life of one context, and what goes wrong in it. */
export const phases: readonly Phase[] = [
  { name: 'before anything was moved', begin: async () => {}, failures: typed },
  {
    name: 'while the monolith owns',
    begin: (stack) => stack.toCanary(),
    failures: [
      ...sides,
      ...streams,
      ...databases,
      ...facades,
      ...evidence,
      ...barred,
      ...contracts,
    ],
  },
  {
    name: 'while the service owns',
    begin: async (stack) => {
      await stack.must('verify', 'catalog');
      await backUpControl(stack);
      await stack.whileFacadeSleeps(() => stack.must('cutover', 'catalog', '--yes'));
    },
    failures: afterCutover,
  },
  {
    name: 'back at the monolith',
    begin: async (stack) => {
      await goBack(stack);
      await stack.must('verify', 'catalog');
    },
    failures: afterGoingBack,
  },
  {
    name: 'with Unleash',
    begin: (stack) => stack.toUnleash(),
    failures: withUnleash,
  },
];
