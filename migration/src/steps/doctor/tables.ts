import { loadMapping } from '../../mapping/load.ts';
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
  attempt: { check: 'mapping', expected: 'compiles' },
  run: ({ kit, definition }) =>
    kit.withDatabase(definition, 'monolith', (monolith) =>
      kit.withDatabase(definition, 'service', (service) =>
        loadMapping(definition, monolith, service),
      ),
    ),
};
