import { untoldDeployment } from '../contracts/broker/deployment-recorder.ts';
import type { ContextCheck } from './context-check.ts';

/** Silent where there is nothing to tell: most have no broker. */
export const broker: ContextCheck = {
  needs: [],
  async run({ kit, definition, row, moving, report }) {
    const found = moving ? undefined : await untoldDeployment(kit, definition, row);
    if (found === undefined) return;
    report({
      check: 'pact broker',
      ok: false,
      expected: `knows that the ${row.owner} serves`,
      actual: found.why,
      remedy: found.command,
    });
  },
};
