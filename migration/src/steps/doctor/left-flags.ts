import { leftBehind } from '../left-flags.ts';
import type { ContextCheck } from './context-check.ts';

/** Whoever sets no UNLEASH_URL later reads them again: an old share, or a kill switch that is off at Unleash. */
export const leftFlags: ContextCheck = {
  needs: ['flag provider'],
  async run({ kit, definition: { context }, control, report }) {
    if (kit.flagWriter().source === 'control') return;
    const on = await leftBehind(control, context);
    report({
      check: 'flags in the control database',
      ok: on.length === 0,
      expected: 'none on: flags are those of Unleash',
      actual: on.length === 0 ? 'none on' : `on, and nobody reads them: ${on.join(', ')}`,
      remedy: `Set at Unleash what is still meant, then: strangler route ${context} --forget-control-flags`,
    });
  },
};
