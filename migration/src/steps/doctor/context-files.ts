import { aliveWithOtherPlan } from '../other-plans.ts';
import type { ContextCheck } from './context-check.ts';

/** Facades that serve by another file than the one that lies here, because they could not take it or lie elsewhere. */
export const contextFiles: ContextCheck = {
  needs: [],
  async run({ definition, control, report }) {
    const others = await aliveWithOtherPlan(control, definition);
    report({
      check: 'context files of facades',
      ok: others.length === 0,
      expected: 'this one',
      actual: others.length === 0 ? 'this one' : `another one at ${others.join(', ')}`,
      remedy:
        'Bring the same file to each of them; one that does not take it says why in its log and in ' +
        '/health/ready, and SIGHUP has it read again.',
    });
  },
};
