import { forgottenRoutes } from '../routes/forgotten-routes.ts';
import type { ForgottenRoute } from '../routes/write-tally.ts';
import type { ContextCheck } from './context-check.ts';

const shown = 3;

const named = (route: ForgottenRoute): string => {
  const { method, path, certain, possible, verdict, claimedBy, claimedAs } = route;
  const read = claimedAs === 'read' ? `, a read of ${claimedBy}` : '';
  return `${method === null ? '' : `${method} `}${path} (${certain + possible} writes, ${verdict}${read})`;
};

/** Requests that write the context's tables and are no writes of it: the fence will refuse them after the cutover. */
export const forgotten: ContextCheck = {
  needs: ['replicated data', 'monolith database', 'undisputed owner'],
  attempt: { check: 'audit fence', expected: 'can be examined' },
  run: async ({ kit, definition, row, report }) => {
    const found = await forgottenRoutes(kit, definition, row);
    if (!found || found.logged === 0) return;
    const sure = found.routes.filter(({ verdict }) => verdict !== 'possible');
    const more = sure.length > shown ? `, and ${sure.length - shown} more` : '';
    report({
      check: 'forgotten routes',
      ok: sure.length === 0,
      expected: `no request but the writes of ${definition.context} writes its tables`,
      actual:
        sure.length > 0
          ? sure.slice(0, shown).map(named).join(', ') + more
          : `none of ${found.joined} writes that the audit fence logged`,
      remedy:
        "Name them in the context file (a read that writes with kind 'write'), or let them write elsewhere " +
        `(strangler fence status ${definition.context} tells how sure that is): after the cutover the fence refuses what they write.`,
    });
  },
};
