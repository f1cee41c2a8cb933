import { isOpen, lookAround } from '../../surroundings/index.ts';
import type { ContextCheck } from './context-check.ts';

/** What lies around the mapped rows: one finding for each thing, decided or not. */
export const decisions: ContextCheck = {
  needs: ['monolith database', 'service database'],
  attempt: { check: 'surroundings', expected: 'can be examined' },
  run: ({ kit, definition, report }) =>
    kit.withDatabase(definition, 'monolith', (monolith) =>
      kit.withDatabase(definition, 'service', async (service) => {
        for (const one of await lookAround(definition, monolith, service)) {
          const { about: check } = one;
          if (isOpen(one))
            report({
              check,
              ok: false,
              expected: 'decided',
              actual: one.problem,
              remedy: one.remedy,
            });
          else report({ check, ok: true, expected: 'decided', actual: one.decision });
        }
      }),
    ),
};
