import { whatDiffers } from '../what-differs.ts';
import type { ContextCheck } from './context-check.ts';

/** What was compared and found to differ; that nothing was compared yet is for the gates to say. */
export const verification: ContextCheck = {
  needs: ['replicated data'],
  async run({ definition, control, row, report }) {
    const { context } = definition;
    const last = await control.evidence.latest(context, 'verification', row.epoch);
    if (!last) return;
    report({
      check: 'last verification',
      ok: last.ok,
      expected: '0 differing rows',
      actual: whatDiffers(last),
      remedy:
        `strangler verify ${context} --json names them with their columns; strangler verify ${context} --repair ` +
        '--keys … sends those of the owner again.',
    });
  },
};
