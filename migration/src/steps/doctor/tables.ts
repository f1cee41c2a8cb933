import type { StranglerError } from '@strangler-toolkit/plan';
import { failure, type Report } from '../../findings/check.ts';
import { examineMapping } from '../../mapping/examine-mapping.ts';
import { replicaIdentityProblems } from '../database-checks.ts';
import { lookAtBoth } from '../look-at-both.ts';
import type { ContextCheck } from './context-check.ts';

export const replicaIdentity: ContextCheck = {
  needs: ['monolith database'],
  attempt: { check: 'keys of tables', expected: 'can be examined' },
  run: ({ kit, definition, report }) =>
    kit.withDatabase(definition, 'monolith', async (client) =>
      reportProblems(
        report,
        { check: 'replica identity', expected: 'usable on every table' },
        await replicaIdentityProblems(client, definition),
      ),
    ),
};

/** Each for itself; that there is none, too. */
function reportProblems(
  report: Report,
  of: { readonly check: string; readonly expected: string },
  problems: readonly StranglerError[],
): void {
  for (const problem of problems) report({ ...of, ok: false, ...failure(problem) });
  if (problems.length === 0) report({ ...of, ok: true, actual: of.expected });
}

export const mapping: ContextCheck = {
  needs: ['monolith database', 'service database'],
  attempt: { check: 'tables', expected: 'can be examined' },
  run: ({ kit, definition, report }) =>
    lookAtBoth(kit, definition, async (monolith, service) => {
      const { problems } = await examineMapping(definition, monolith, service);
      reportProblems(report, { check: 'mapping', expected: 'compiles' }, problems);
    }),
};
