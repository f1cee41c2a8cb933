import { loadMapping } from '../../mapping/load.ts';
import { lookAround } from '../../surroundings/index.ts';
import type { ContextCheck } from './context-check.ts';

/** What lies around the mapped rows: one finding for each thing that nobody has decided yet. */
export const decisions: ContextCheck = {
  needs: ['monolith database', 'service database'],
  attempt: { check: 'surroundings', expected: 'can be examined' },
  run: ({ kit, definition, report }) =>
    kit.withDatabase(definition, 'monolith', (monolith) =>
      kit.withDatabase(definition, 'service', async (service) => {
        const mapping = await loadMapping(definition, monolith, service);
        for (const { about, problem, remedy } of await lookAround(mapping, monolith, service))
          report({ check: about, ok: false, expected: 'decided', actual: problem, remedy });
      }),
    ),
};
