import type { ContextCheck } from './context-check.ts';
import { kindOf, nearContexts } from '../routes/discover-routes.ts';

/** A write that no route names passes to the monolith also after the cutover, where its fence refuses it. */
export const writeRoutes: ContextCheck = {
  needs: ['replicated data'],
  run: async ({ definition, control, report }) => {
    const { noWriteRoutes, routes } = definition;
    const unclaimed = (await control.unclaimed.list()).filter(
      ({ method, path }) =>
        kindOf(method) === 'write' && nearContexts([definition], path).length > 0,
    );
    const writes = routes.filter(({ kind }) => kind === 'write').length;
    const beside = unclaimed
      .slice(0, 3)
      .map(({ method, path, requests }) => `${method} ${path} (${requests})`);
    report({
      check: 'write routes',
      ok: writes > 0 || noWriteRoutes !== undefined,
      expected: 'at least one, or noWriteRoutes with the reason',
      actual:
        (writes === 0 && noWriteRoutes !== undefined ? `none: ${noWriteRoutes}` : String(writes)) +
        (beside.length > 0 ? `; unclaimed beside them: ${beside.join(', ')}` : ''),
      remedy:
        'Name its writes in the context file (strangler routes discover shows what nobody claims), ' +
        'or say in noWriteRoutes why there are none.',
    });
  },
};
