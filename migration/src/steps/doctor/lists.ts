import { streamsAt } from '@strangler-toolkit/plan';
import { displayTable } from '../../database/identifiers.ts';
import { unkeptLists } from '../../lists/keep-lists.ts';
import { listsOf } from '../../mapping/compiled-mapping.ts';
import { examineMapping } from '../../mapping/examine-mapping.ts';
import { lookAtBoth } from '../look-at-both.ts';
import type { ContextCheck } from './context-check.ts';

/** Arrays that nothing keeps alike with their rows; whether they still are, `verify` tells. */
export const lists: ContextCheck = {
  needs: ['replicated data', 'monolith database', 'service database'],
  attempt: { check: 'tables of lists', expected: 'can be examined' },
  run: ({ kit, definition, row, report }) =>
    lookAtBoth(kit, definition, async (monolith, service) => {
      const { mapping } = await examineMapping(definition, monolith, service);
      if (listsOf(mapping).length === 0 || !streamsAt(row.stage)) return;
      const unkept = await unkeptLists(service, mapping);
      report({
        check: 'lists',
        ok: unkept.length === 0,
        expected: 'kept alike with their rows by triggers that are on',
        actual:
          unkept.length === 0
            ? 'all are'
            : `not kept: ${unkept.map(({ parent, column }) => `${displayTable(parent)}.${column}`).join(', ')}`,
        remedy:
          `Start the worker again, which makes them: strangler replicate ${definition.context}; then ` +
          `strangler verify ${definition.context}.`,
      });
    }),
};
