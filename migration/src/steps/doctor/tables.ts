import { examineMapping } from '../../mapping/examine-mapping.ts';
import { checkReplicaIdentity } from '../database-checks.ts';
import type { ContextCheck } from './context-check.ts';

export const replicaIdentity: ContextCheck = {
  needs: ['monolith database'],
  attempt: { check: 'replica identity', expected: 'usable on every table' },
  run: ({ kit, definition }) =>
    kit.withDatabase(definition, 'monolith', (client) => checkReplicaIdentity(client, definition)),
};

export const mapping: ContextCheck = {
  needs: ['monolith database', 'service database'],
  attempt: { check: 'tables', expected: 'can be examined' },
  run: ({ kit, definition, report }) =>
    kit.withDatabase(definition, 'monolith', (monolith) =>
      kit.withDatabase(definition, 'service', async (service) => {
        const { problems } = await examineMapping(definition, monolith, service);
        const expected = 'compiles';
        for (const { code, message, remedy } of problems)
          report({ check: 'mapping', ok: false, expected, actual: `${code}: ${message}`, remedy });
        if (problems.length === 0)
          report({ check: 'mapping', ok: true, expected, actual: expected });
      }),
    ),
};
