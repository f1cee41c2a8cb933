import { bothSides } from '@strangler-toolkit/plan';
import { asError, lookAtOwners } from '../../ownership/require-agreement.ts';
import type { ContextCheck } from './context-check.ts';

/** Each of the three databases could have been restored from a backup: what they say of the owner must fit. */
export const owners: ContextCheck = {
  needs: ['replicated data', 'monolith database', 'service database'],
  attempt: { check: 'owner and epoch', expected: 'can be compared' },
  run: ({ kit, definition, control, row, report, lacks }) =>
    kit.withDatabase(definition, 'monolith', (monolith) =>
      kit.withDatabase(definition, 'service', async (service) => {
        const sides = { monolith: async () => monolith, service: async () => service };
        const { notes, found } = await lookAtOwners(control, row, sides, 5000);
        const told = bothSides.flatMap((side) => {
          const note = notes[side];
          return note === 'unknown' ? [] : [`${side} says ${note.owner}, epoch ${note.epoch}`];
        });
        if (found !== null) lacks('undisputed owner');
        report({
          check: 'owner and epoch',
          ok: found === null,
          expected: `${row.owner}, epoch ${row.epoch}, in all three databases`,
          actual:
            found === null
              ? told.join('; ') || 'not told yet'
              : `${found.code}: ${found.why}; streams, fences and tables are not judged by it`,
          remedy: found === null ? '' : asError(row, found).remedy,
        });
      }),
    ),
};
