import {
  isOneWay,
  judgeWriteRoutes,
  writeRoutesExpected,
  writeRoutesOf,
} from '@strangler-toolkit/plan';
import type { ContextCheck } from './context-check.ts';
import { kindOf, nearContexts } from '../routes/discover-routes.ts';

/** The gate of a cutover, seen before it, with unclaimed writes beside the routes. */
export const writeRoutes: ContextCheck = {
  needs: ['replicated data'],
  run: async ({ definition, control, report }) => {
    if (isOneWay(definition.data)) return;
    const unclaimed = (await control.unclaimed.list()).filter(
      ({ method, path }) =>
        kindOf(method) === 'write' && nearContexts([definition], path).length > 0,
    );
    const { ok, actual } = judgeWriteRoutes(writeRoutesOf(definition));
    const beside = unclaimed
      .slice(0, 3)
      .map(({ method, path, requests }) => `${method} ${path} (${requests})`);
    report({
      check: 'write routes',
      ok,
      expected: writeRoutesExpected,
      actual: actual + (beside.length > 0 ? `; unclaimed beside them: ${beside.join(', ')}` : ''),
      remedy:
        'Name its writes in the context file (strangler routes discover shows what nobody claims), ' +
        'or say in noWriteRoutes why there are none.',
    });
  },
};
