import { bothSides } from '@strangler-toolkit/plan';
import { isNeeded, recentSeconds, sideHealth, wayOut } from '../side-health.ts';
import type { ContextCheck } from './context-check.ts';

/** What clients get: a database may be well while nobody answers in front of it. */
export const sides: ContextCheck = {
  needs: [],
  async run({ kit, definition, control, row, report }) {
    const seen = await sideHealth(kit, control, definition);
    const out = wayOut(row, seen);
    for (const side of bothSides) {
      const { health, recent } = seen[side];
      const needed = isNeeded(row, side);
      const failing = recent.requests >= 20 && recent.errors > recent.requests / 2;
      const measured =
        recent.requests === 0
          ? ''
          : `; of ${recent.requests} requests in the last ${recentSeconds / 60} min ${recent.errors} failed`;
      report({
        check: `${side} HTTP`,
        ok: !needed || (health.up && !failing),
        expected: `answers at stage ${row.stage}`,
        actual:
          (health.up ? health.how : health.why) +
          (needed ? '' : ' (nothing depends on it at this stage)') +
          measured,
        remedy: out
          ? `${out.command} (${out.why}), or start it again`
          : `Start the ${side} again, or mend ${side}.url and ${side}.health in the context file.`,
      });
    }
  },
};
